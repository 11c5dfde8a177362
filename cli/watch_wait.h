/* SPDX-License-Identifier: MIT */
/* Waiting for a moment, for the end of a process, or to be told to stop. */
#ifndef CLI_WATCH_WAIT_H
#define CLI_WATCH_WAIT_H

#include <stdint.h>

enum watch_event {
    WATCH_DUE,
    WATCH_ENDED,   /* the process has ended */
    WATCH_STOPPED, /* SIGINT, SIGTERM or SIGHUP came */
};

struct watch_wait {
    int64_t pid;
    int process; /* descriptor of it; -1: this system has none, it is looked at 10 times a second */
    int signals;
};

/** watch_wait_begin: from now on those signals do not end us.  0 or a negative errno; -ESRCH: there
 *  is no such process. */
int watch_wait_begin(struct watch_wait *ret, int64_t pid);

/** watch_wait_until: until a moment of watch_now_ns, which may have passed. */
enum watch_event watch_wait_until(const struct watch_wait *wait, uint64_t due_ns);

/** watch_wait_end: signals are as they were, but for those that came. */
void watch_wait_end(struct watch_wait *wait);

/** watch_now_ns: of a clock that nobody sets. */
uint64_t watch_now_ns(void);

#endif
