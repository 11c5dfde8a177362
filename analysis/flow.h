/* SPDX-License-Identifier: MIT */
/* Which threads put what others got. */
#ifndef ANALYSIS_FLOW_H
#define ANALYSIS_FLOW_H

#include "analysis/usage.h"

enum {
    FLOW_THREADS = 24, /* told apart, at most; one more place for the rest */
};

struct flow {
    struct replay_memory memory; /* holds this struct too */
    uint32_t n;                  /* places, with the rest's, if there is one */
    bool has_rest;
    uint32_t threads[FLOW_THREADS]; /* busiest first */
    /* Objects and blocks that the second put or freed, and the first got. Within the rest: of one
     * of its threads or of two. */
    uint64_t moved[FLOW_THREADS + 1][FLOW_THREADS + 1];
};

/** flow_of_trace: NULL with errno ENOMEM; to be given back by flow_free. */
struct flow *flow_of_trace(const struct usage *usage);

/** flow_free: NULL is ignored. */
void flow_free(struct flow *flow);

#endif
