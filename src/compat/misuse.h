/* SPDX-License-Identifier: MIT */
/* Misuse of what classic names give, as GlusterFS's log tells of it: one message, of the classic's
 * line where it has one, and the report beneath it. */
#ifndef MEMPOOL_COMPAT_MISUSE_H
#define MEMPOOL_COMPAT_MISUSE_H

#include "misuse/report.h"

/* Of mem_put, and of any other call. */
void misuse_log_put(const struct report *report, const char *text);
void misuse_log(const struct report *report, const char *text);

/* From now until the end, this thread's misuses are logged. Returns what to end with. */
static inline report_listener misuse_log_begin(report_listener listener) {
    report_listener before = report_listener_here;
    report_listener_here = listener;
    return before;
}
static inline void misuse_log_end(report_listener before) {
    report_listener_here = before;
}

#endif
