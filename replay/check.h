/* SPDX-License-Identifier: MIT */
/* Checks the events of a trace. */
#ifndef REPLAY_CHECK_H
#define REPLAY_CHECK_H

#include "replay/trace.h"

/** trace_check: walk the events in order, refuse the first that cannot be (trace.h says what must
 *  hold), and make the trace's sums.  0, or a negative errno with *error filled. */
int trace_check(struct trace *trace, struct trace_error *error);

#endif
