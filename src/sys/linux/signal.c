/* SPDX-License-Identifier: MIT */
/* Signals: a handler of ours, and work that none disturbs. */
#include "sys/sys.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>

_Static_assert(sizeof(struct sys_handler) >= sizeof(struct sigaction), "an action fits");

/* What a write sends to its thread beside failing: beyond RLIMIT_FSIZE, and into a pipe without a
 * reader. */
static const int write_signals[SYS_WRITE_SIGNALS] = {SIGXFSZ, SIGPIPE};

static bool is_pending(int signal_number) {
    sigset_t pending;
    return sigpending(&pending) == 0 && sigismember(&pending, signal_number) == 1;
}

static void take_away(int signal_number) {
    static const struct timespec no_time = {.tv_sec = 0};
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, signal_number);
    (void)sigtimedwait(&one, NULL, &no_time);
}

void sys_quiet_begin(struct sys_quiet *ret) {
    ret->error = errno;
    sys_signals_block(&ret->before);
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &ret->cancelling);
    for (size_t i = 0; i < SYS_WRITE_SIGNALS; i++) {
        ret->was_pending[i] = is_pending(write_signals[i]);
    }
}

void sys_quiet_end(const struct sys_quiet *quiet) {
    for (size_t i = 0; i < SYS_WRITE_SIGNALS; i++) {
        if (!quiet->was_pending[i] && is_pending(write_signals[i])) {
            take_away(write_signals[i]);
        }
    }
    (void)pthread_setcancelstate(quiet->cancelling, NULL);
    sys_signals_restore(&quiet->before);
    errno = quiet->error;
}

/* Returning from these would only meet the same fault again; SIGXFSZ is what we take away. */
static bool is_fault(int signal_number) {
    static const int faults[] = {SIGSEGV, SIGBUS,  SIGFPE, SIGILL,
                                 SIGTRAP, SIGABRT, SIGSYS, SIGXFSZ};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        if (faults[i] == signal_number) {
            return true;
        }
    }
    return false;
}

int sys_handler_set(int signal_number, void (*handle)(int number), struct sys_handler *ret_before) {
    struct sigaction before, action = {.sa_handler = handle, .sa_flags = SA_RESTART | SA_ONSTACK};
    sigfillset(&action.sa_mask);
    if (is_fault(signal_number)) {
        return -EINVAL;
    }
    if (sigaction(signal_number, &action, &before) != 0) {
        return -errno;
    }
    memcpy(ret_before, &before, sizeof before);
    return 0;
}

void sys_handler_undo(int signal_number, void (*handle)(int number),
                      const struct sys_handler *before) {
    struct sigaction now, action;
    memcpy(&action, before, sizeof action);
    if (sigaction(signal_number, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 &&
        now.sa_handler == handle) {
        (void)sigaction(signal_number, &action, NULL);
    }
}
