/* SPDX-License-Identifier: MIT */
/* A memory-pool trace in memory: loaded, checked, ready to be planned. */
#ifndef REPLAY_TRACE_H
#define REPLAY_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "replay/memory.h"

/*
 * THEORY
 *
 * A trace (data/README.md describes the format) is a text header and columns of events. Loading
 * checks everything that later code relies on, so that no later code checks anything:
 *
 *   - threads are numbered 0, 1, 2 ... in the order of their header lines; so are *classes*: pools
 *     and sites (places that allocate from a heap) together;
 *   - an event's operation is one of enum trace_operation; its thread is between its start and its
 *     end; a get, put or pool event names a pool of the header, a heap event a site; each of them,
 *     but not a pool event, names a slot of that class;
 *   - gets come from pools that exist, gets and allocations take slots that are free; puts, frees
 *     and reallocs take slots that are live.
 *     A slot that is live was therefore got by an earlier event, each slot has at most one owner,
 *     and the number of all slots is at most the number of events;
 *   - sizes stay within the limits below, so that a small file cannot ask for much memory.
 *
 * An *object* here is a slot of a class, numbered through: class.first_object + slot. One of a site
 * is also called a block; its size is in the event that allocates it, and may be 0.
 */

/* What an event does. */
enum trace_operation {
    TRACE_GET = 0,
    TRACE_GET0 = 1,
    TRACE_PUT = 2,
    TRACE_THREAD_START = 3,
    TRACE_THREAD_EXIT = 4,
    TRACE_POOL_NEW = 5,
    TRACE_POOL_DESTROY = 6,
    TRACE_PUT_FOREIGN = 7, /* did nothing in the traced process, and is not replayed */
    TRACE_MALLOC = 8,
    TRACE_CALLOC = 9,   /* zeroed; the size is the product */
    TRACE_REALLOC = 10, /* the slot stays, the size is the new one */
    TRACE_FREE = 11,
    TRACE_OPERATIONS, /* how many */
};

#define TRACE_EVENTS_MAX ((uint64_t)1 << 28)
#define TRACE_THREADS_MAX ((uint64_t)65535)
#define TRACE_CLASSES_MAX ((uint64_t)65535)
#define TRACE_OBJECT_BYTES_MAX ((uint64_t)16 << 20) /* a block's too */
#define TRACE_COUNT_MAX ((uint64_t)1 << 24)         /* objects asked for at a pool's creation */
#define TRACE_READY_BYTES_MAX ((uint64_t)1 << 30)   /* those of all pools together */
#define TRACE_LIVE_BYTES_MAX ((uint64_t)4 << 30)    /* live objects at any time */
/* What the two limits above count for each object more. */
#define TRACE_OVERHEAD_BYTES ((uint64_t)64)
/* A text of more than the first must be at most the second times as large as its file. */
#define TRACE_TEXT_BYTES_FREE ((uint64_t)64 << 20)
#define TRACE_TEXT_RATIO_MAX ((uint64_t)1000)

/* One pool or site of the header. */
struct trace_class {
    const char *name; /* "xlator:type" */
    bool is_site;
    uint32_t object_bytes; /* 0 for a site */
    uint32_t count;        /* objects asked for at creation; 0 for a site */
    uint32_t slots;        /* most objects alive at once */
    uint32_t first_object; /* sum of the slots of the classes before it */
};

/* Where a part of the recorded load begins. */
struct trace_phase {
    const char *name;
    uint32_t first_event; /* may be the number of events: nothing is in it */
};

/* A line of description. */
struct trace_info {
    const char *key, *text;
};

/* A column of events, one plane of bytes for each byte of its width, low byte first. */
struct trace_column {
    const uint8_t *plane[4];
};

struct trace {
    struct replay_memory memory; /* holds this struct too */
    const char *path;
    /* header */
    uint32_t n_events;
    uint32_t tick_ns;
    uint32_t n_threads;
    uint32_t n_pools, n_sites;
    uint32_t n_classes; /* the two together */
    struct trace_class *classes;
    const char **thread_names;
    struct trace_phase *phases; /* by first event */
    uint32_t n_phases;
    struct trace_info *infos;
    uint32_t n_infos;
    uint32_t n_objects; /* slots of all classes */
    /* events */
    struct trace_column operation, thread, class, slot, delta_ticks;
    struct trace_column bytes; /* only where there are sites */
    /* sums, made while checking */
    uint32_t n_gets; /* zeroed and not */
    uint32_t n_zeroed_gets;
    uint32_t n_puts;
    uint32_t n_allocations; /* mallocs and callocs */
    uint32_t n_zeroed_allocations;
    uint32_t n_reallocations;
    uint32_t n_frees;
    uint32_t live_at_end;
    uint32_t peak_live_objects;
    uint64_t peak_live_bytes;
    uint64_t duration_ticks;
};

/* Why a trace was not loaded. */
struct trace_error {
    int is_system;  /* 1: memory or processes are short; 0: the file is at fault */
    char text[640]; /* "FILE: what", one line */
};

static inline uint8_t trace_operation(const struct trace *trace, uint32_t event) {
    return trace->operation.plane[0][event];
}

static inline uint32_t trace_thread(const struct trace *trace, uint32_t event) {
    const struct trace_column *column = &trace->thread;
    return (uint32_t)column->plane[0][event] | (uint32_t)column->plane[1][event] << 8;
}

static inline uint32_t trace_class(const struct trace *trace, uint32_t event) {
    const struct trace_column *column = &trace->class;
    return (uint32_t)column->plane[0][event] | (uint32_t)column->plane[1][event] << 8;
}

static inline uint32_t trace_wide(const struct trace_column *column, uint32_t event) {
    return (uint32_t)column->plane[0][event] | (uint32_t)column->plane[1][event] << 8 |
           (uint32_t)column->plane[2][event] << 16 | (uint32_t)column->plane[3][event] << 24;
}

static inline uint32_t trace_slot(const struct trace *trace, uint32_t event) {
    return trace_wide(&trace->slot, event);
}

/* A block's size, of an event that has one (see trace_has_bytes). */
static inline uint32_t trace_bytes(const struct trace *trace, uint32_t event) {
    return trace_wide(&trace->bytes, event);
}

/* Whether an event of this operation says how large its block becomes. */
static inline bool trace_has_bytes(uint8_t operation) {
    return operation >= TRACE_MALLOC && operation <= TRACE_REALLOC;
}

/* Whether it is replayed: it gets, gives back or changes an object. */
static inline bool trace_is_replayed(uint8_t operation) {
    return operation <= TRACE_PUT || operation >= TRACE_MALLOC;
}

/* How many times an object was got or a block allocated: the pairs that times are given for. */
static inline uint64_t trace_pairs(const struct trace *trace) {
    return (uint64_t)trace->n_gets + trace->n_allocations;
}

/** trace_load: read and check a file.
 *  Shape:   0 and *ret, to be given back by trace_unload; or a negative errno with *error filled
 *           (-EBADMSG where the file is at fault).
 *  Threads: forks a child to decompress: call it before starting threads. */
int trace_load(struct trace **ret, const char *path, struct trace_error *error);

/** trace_unload: give everything back; NULL is ignored. */
void trace_unload(struct trace *trace);

#endif
