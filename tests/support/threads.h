/* SPDX-License-Identifier: MIT */
/* Threads that must start and end, and a watchdog for those that hang. */
#ifndef TESTS_SUPPORT_THREADS_H
#define TESTS_SUPPORT_THREADS_H

#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

static inline pthread_t thread_start(void *(*run)(void *), void *argument) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, run, argument) == 0);
    return thread;
}

static inline void thread_join(pthread_t thread) {
    CHECK(pthread_join(thread, NULL) == 0);
}

/* Run one function on a thread of its own, to its end. */
static inline void thread_run(void *(*run)(void *), void *argument) {
    thread_join(thread_start(run, argument));
}

static inline void sleep_ms(long milliseconds) {
    struct timespec wanted = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&wanted, NULL);
}

static inline void watchdog_barks(int signal_number) {
    (void)signal_number;
    static const char text[] = "watchdog: the test hangs\n";
    ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
    _exit(written > 0 ? 1 : 2);
}

/* End the process with status 1 if it is still there after so many seconds; 0 calls it off. */
static inline void watchdog_set(unsigned seconds) {
    struct sigaction action = {.sa_handler = watchdog_barks};
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    alarm(seconds);
}

#endif
