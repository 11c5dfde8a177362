/* SPDX-License-Identifier: MIT */
/* A trace divided among workers, in the form that the hot loop reads. */
#ifndef REPLAY_PLAN_H
#define REPLAY_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "replay/trace.h"

/*
 * THEORY
 *
 * The traced process's threads are dealt out to the workers; a worker runs its threads' gets and
 * puts, allocations and frees in the order of the file. Everything else (thread starts, pool
 * creations) is left out: the pools are made before the clock starts and destroyed after it stops.
 *
 * Two events on one object must keep their order: the put waits for the get, and a get waits for
 * the put that freed the slot; likewise for blocks of the heap. On one worker they do by
 * themselves. Where two successive events of an object are on two workers, the earlier is flagged
 * PLAN_PUBLISH and the later PLAN_WAIT, and both have a *ticket*: the event's number among the
 * events of its object, from 1. Publishing stores the ticket in the object's cell; waiting spins
 * until the cell holds the ticket before its own. A worker's tickets lie in an array of their own,
 * in the order in which it needs them, so that an event stays 8 bytes and one worker alone never
 * sees a flag.
 *
 * A pool says how large its objects are; a block's size is its event's. Sizes lie in an array of
 * their own too, one for each malloc, calloc and realloc of the worker, in the order in which it
 * needs them: a plan of pools only has none, and runs in a loop that does not know of them.
 *
 * No deadlock: an event waits only for one that is earlier in the file, and each worker runs its
 * events in the order of the file; so the earliest event not yet done never waits.
 */

enum {
    PLAN_WORKERS_MAX = 64,
    PLAN_TOUCH_WORDS_MAX = 8, /* a user writes at most this many 8-byte words after a get */
    PLAN_TOUCH_NOTHING = 15,  /* in place of a number of words: the block has no byte */
    PLAN_TOUCH_MASK = 0x0f,
    PLAN_TOUCH_BEFORE_SHIFT = 4, /* of a realloc: the words of the block before it */
};

/* Flags in plan_event.operation, beside an enum trace_operation that trace_is_replayed. */
enum {
    PLAN_OPERATION_MASK = 0x0f,
    PLAN_WAIT = 0x10,
    PLAN_PUBLISH = 0x20,
};

/* One get or put, or event of the heap. */
struct plan_event {
    uint32_t object; /* numbered through all classes */
    uint16_t class;
    uint8_t operation;   /* and flags */
    uint8_t touch_words; /* 8-byte words to write after a get; 0: the first byte only */
};

/* One worker's share. */
struct plan_worker {
    struct plan_event *events;
    size_t n_events;
    uint32_t *tickets; /* one for each of its events that has a flag */
    size_t n_tickets;
    uint32_t *bytes; /* one for each of its events that trace_has_bytes; NULL: no sites */
    size_t n_bytes;
};

/* An object that is live when the trace ends. */
struct plan_leftover {
    uint32_t object;
    uint16_t class;
};

struct plan {
    const struct trace *trace;
    struct replay_memory memory; /* holds this struct too */
    unsigned n_workers;
    struct plan_worker workers[PLAN_WORKERS_MAX];
    uint32_t n_crossings; /* pairs of successive events of an object that are on two workers */
    struct plan_leftover *leftovers;
    uint32_t n_leftovers;
    uint32_t *object_bytes; /* of each class; 0 for a site */
};

/** plan_create: divide a trace among n_workers (1 .. PLAN_WORKERS_MAX) workers, so that each has
 *  about as many events; the trace must outlive the plan. NULL with errno ENOMEM or EINVAL. */
struct plan *plan_create(const struct trace *trace, unsigned n_workers);

/** plan_destroy: give it back; NULL is ignored. */
void plan_destroy(struct plan *plan);

#endif
