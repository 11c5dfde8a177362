/* SPDX-License-Identifier: MIT */
/* Small traces whose numbers are known, written event by event. */
#ifndef TESTS_ANALYSIS_STORY_H
#define TESTS_ANALYSIS_STORY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "forge.h"

enum {
    STORY_EVENTS = 40000,
    STORY_TICK_NS = 16,                        /* of what forge_standard makes */
    STORY_SECOND = 1000000000 / STORY_TICK_NS, /* ticks */
};

struct story {
    struct forge_event events[STORY_EVENTS];
    size_t n;
};

static struct story story;

static inline void tell(uint8_t operation, uint16_t thread, uint16_t class, uint32_t slot) {
    assert_true(story.n < STORY_EVENTS);
    story.events[story.n++] = (struct forge_event){operation, thread, class, slot};
}

/* The same, so many ticks after what was told before. */
static inline void tell_after(uint32_t ticks, uint8_t operation, uint16_t thread, uint16_t class,
                              uint32_t slot) {
    tell(operation, thread, class, slot);
    story.events[story.n - 1].pause = ticks - 1;
}

static inline void tell_block(uint8_t operation, uint16_t thread, uint16_t class, uint32_t slot,
                              uint32_t bytes) {
    tell(operation, thread, class, slot);
    story.events[story.n - 1].bytes = bytes;
}

/* Begin anew: so many threads start, so many pools are made, numbered from 0. */
static inline void tell_beginning(uint16_t n_threads, uint16_t n_pools) {
    story.n = 0;
    for (uint16_t thread = 0; thread < n_threads; thread++) {
        tell(TRACE_THREAD_START, thread, FORGE_NO_POOL, 0);
    }
    for (uint16_t pool = 0; pool < n_pools; pool++) {
        tell(TRACE_POOL_NEW, 0, pool, 0);
    }
}

/* What was told, as a trace; to be given back by trace_unload. */
static inline struct trace *tell_end(uint16_t n_threads, const char *classes) {
    struct trace *trace = NULL;
    struct trace_error error = {0};
    struct forge_text text = forge_standard(n_threads, classes, story.events, story.n);
    if (forge_load(text, &trace, &error) != 0) {
        fail_msg("%s", error.text);
    }
    free(text.bytes);
    return trace;
}

#endif
