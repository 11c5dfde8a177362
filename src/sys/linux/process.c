/* SPDX-License-Identifier: MIT */
/* Threads, signals, fork, barriers, environment, output. */
#include "sys/sys.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_key_t exit_key;

long sys_thread_id(void) {
    return syscall(SYS_gettid);
}

long sys_process_id(void) {
    return getpid();
}

void sys_thread_name(char *ret_name) {
    if (prctl(PR_GET_NAME, ret_name, 0, 0, 0) != 0) {
        ret_name[0] = '\0';
    }
}

void sys_yield(void) {
    (void)sched_yield();
}

int sys_thread_exit_init(void (*exited)(void *argument)) {
    return -pthread_key_create(&exit_key, exited);
}

int sys_thread_exit_watch(void *argument) {
    return -pthread_setspecific(exit_key, argument);
}

int sys_fork_watch(void (*before)(void), void (*parent)(void), void (*child)(void)) {
    return -pthread_atfork(before, parent, child);
}

_Static_assert(sizeof(struct sys_signals) >= sizeof(sigset_t), "a signal mask fits");

void sys_signals_block(struct sys_signals *ret_before) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    memcpy(ret_before, &before, sizeof before);
}

void sys_signals_restore(const struct sys_signals *before) {
    sigset_t mask;
    memcpy(&mask, before, sizeof mask);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

static long membarrier(int command) {
    return syscall(SYS_membarrier, command, 0, 0);
}

/* 0 not tried, 1 registered, 2 not to be had. A child of fork inherits the registration. */
static _Atomic int barrier_state;

bool sys_barrier_available(void) {
    int state = load_relaxed(&barrier_state);
    if (state == 0) {
        state = membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0 ? 1 : 2;
        store_relaxed(&barrier_state, state);
    }
    return state == 1;
}

bool sys_barrier_all_threads(void) {
    return sys_barrier_available() && membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0;
}

int sys_write(int fd, const char *bytes, size_t n) {
    while (n > 0) {
        ssize_t written = write(fd, bytes, n);
        if (written < 0) {
            if (errno == EINTR) {
                continue;
            }
            return -errno;
        }
        if (written == 0) {
            return -EIO;
        }
        bytes += written;
        n -= (size_t)written;
    }
    return 0;
}

const char *sys_environment(const char *name) {
    return secure_getenv(name);
}

const char *sys_program_name(void) {
    return program_invocation_short_name;
}

void sys_abort(void) {
    abort();
}

int sys_format(char *ret, size_t bytes, const char *format, va_list list) {
    return vsnprintf(ret, bytes, format, list);
}
