/* SPDX-License-Identifier: MIT */
/* Waiting for a moment, for the end of a process, or to be told to stop. */
#include "cli/watch_wait.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    SECOND_NS = 1000000000,
    LOOK_NS = 100000000, /* where the end of a process has no descriptor */
};

uint64_t watch_now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static void stop_signals(sigset_t *ret) {
    sigemptyset(ret);
    sigaddset(ret, SIGINT);
    sigaddset(ret, SIGTERM);
    sigaddset(ret, SIGHUP);
}

int watch_wait_begin(struct watch_wait *ret, int64_t pid) {
    sigset_t stops;
    int process = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
    if (process < 0 && errno == ESRCH) {
        return -ESRCH;
    }
    stop_signals(&stops);
    int signals = signalfd(-1, &stops, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0) {
        int error = errno;
        close(process);
        return -error;
    }
    sigprocmask(SIG_BLOCK, &stops, NULL);
    *ret = (struct watch_wait){.pid = pid, .process = process, .signals = signals};
    return 0;
}

void watch_wait_end(struct watch_wait *wait) {
    struct signalfd_siginfo came;
    sigset_t stops;
    while (read(wait->signals, &came, sizeof(came)) > 0) {
        /* what we were told has been done */
    }
    close(wait->signals);
    if (wait->process >= 0) {
        close(wait->process);
    }
    stop_signals(&stops);
    sigprocmask(SIG_UNBLOCK, &stops, NULL);
}

/* Gone, or dead and not waited for. */
static bool has_ended(int64_t pid) {
    char path[64], line[512] = "";
    snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)pid);
    FILE *file = fopen(path, "re");
    if (!file) {
        return true;
    }
    size_t n = fread(line, 1, sizeof(line) - 1, file);
    fclose(file);
    line[n] = '\0';
    const char *name_end = strrchr(line, ')');
    return !name_end || strncmp(name_end, ") Z", 3) == 0 || strncmp(name_end, ") X", 3) == 0;
}

enum watch_event watch_wait_until(const struct watch_wait *wait, uint64_t due_ns) {
    struct pollfd watched[] = {{wait->signals, POLLIN, 0}, {wait->process, POLLIN, 0}};
    for (;;) {
        uint64_t now_ns = watch_now_ns();
        uint64_t left_ns = due_ns > now_ns ? due_ns - now_ns : 0;
        if (wait->process < 0 && left_ns > LOOK_NS) {
            left_ns = LOOK_NS;
        }
        const struct timespec left = {(time_t)(left_ns / SECOND_NS), (long)(left_ns % SECOND_NS)};
        int n = ppoll(watched, 2, &left, NULL);
        if (n > 0 && watched[0].revents) {
            return WATCH_STOPPED;
        }
        if ((n > 0 && watched[1].revents) || (wait->process < 0 && has_ended(wait->pid))) {
            return WATCH_ENDED;
        }
        if (watch_now_ns() >= due_ns) {
            return WATCH_DUE;
        }
    }
}
