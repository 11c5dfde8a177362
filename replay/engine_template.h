/* SPDX-License-Identifier: MIT */
/* The hot loops of one contender. Included once for each, without an include guard. */

/*
 * Before including this file, define
 *
 *   REPLAY_PREFIX                        start of the functions' names
 *   REPLAY_GET(pool, object_bytes)       an object, or NULL
 *   REPLAY_GET0(pool, object_bytes)      a zeroed one
 *   REPLAY_PUT(pool, object)
 *   REPLAY_MALLOC(site, bytes)           a block, or NULL; 0 bytes: a block nevertheless
 *   REPLAY_CALLOC(site, bytes)           a zeroed one
 *   REPLAY_REALLOC(site, block, bytes)   the block, moved or not, or NULL
 *   REPLAY_FREE(site, block)
 *
 * where pool and site are what the contender's pool_create and site_create returned, a void *. The
 * file defines the static functions PREFIX_put, PREFIX_free, PREFIX_run_single, PREFIX_run_shared
 * and PREFIX_run_verified for the fields of that name of struct replay_contender, and undefines the
 * macros. The macros may use the variables `event`, the struct plan_event at hand, and `worker`,
 * the struct replay_worker, but not in REPLAY_PUT and REPLAY_FREE.
 */

#include "replay/engine.h"

#define REPLAY_JOIN2(a, b) a##_##b
#define REPLAY_JOIN(a, b) REPLAY_JOIN2(a, b)
#define REPLAY_FUNCTION(name) REPLAY_JOIN(REPLAY_PREFIX, name)
/* A loop is compiled twice: with heap events, and without them, as if there were none. Each in a
 * function of its own, because in one the compiler makes the second loop slower for the first. */
#define REPLAY_INLINE __attribute__((always_inline))
#define REPLAY_APART __attribute__((noinline))

static void REPLAY_FUNCTION(put)(void *pool, void *object) {
    (void)pool;
    REPLAY_PUT(pool, object);
}

__attribute__((unused)) static void REPLAY_FUNCTION(free)(void *site, void *block) {
    (void)site;
    REPLAY_FREE(site, block);
}

/* Either get of an event. */
static inline void *REPLAY_FUNCTION(get_event)(const struct replay_worker *worker,
                                               const struct plan_event *event, bool is_zeroed) {
    void *pool = worker->handles[event->class];
    (void)pool;
    return is_zeroed ? REPLAY_GET0(pool, worker->object_bytes[event->class])
                     : REPLAY_GET(pool, worker->object_bytes[event->class]);
}

/* Any allocation of an event; `block` is what a realloc changes. */
static inline void *REPLAY_FUNCTION(block_event)(struct replay_worker *worker,
                                                 const struct plan_event *event, unsigned operation,
                                                 void *block, size_t bytes) {
    void *site = worker->handles[event->class];
    (void)site;
    if (operation == TRACE_MALLOC) {
        return REPLAY_MALLOC(site, bytes);
    }
    return operation == TRACE_CALLOC ? REPLAY_CALLOC(site, bytes)
                                     : REPLAY_REALLOC(site, block, bytes);
}

/* A realloc of the timed loops: what the block held is looked at before and after. */
static enum replay_fault_kind REPLAY_FUNCTION(change_block)(struct replay_worker *worker,
                                                            const struct plan_event *event,
                                                            void **place, size_t bytes) {
    unsigned words_before = event->touch_words >> PLAN_TOUCH_BEFORE_SHIFT;
    unsigned words = event->touch_words & PLAN_TOUCH_MASK;
    struct plan_event before = replay_touching(event, words_before);
    struct plan_event after = replay_touching(event, words);
    if (!replay_is_block_touched(*place, &before)) {
        return REPLAY_OVERLAP;
    }
    void *block = REPLAY_FUNCTION(block_event)(worker, event, TRACE_REALLOC, *place, bytes);
    if (!block) {
        return REPLAY_NO_OBJECT;
    }
    /* The smaller number is what was kept, and PLAN_TOUCH_NOTHING the largest: nothing to see. */
    if (words_before != PLAN_TOUCH_NOTHING && words != PLAN_TOUCH_NOTHING &&
        !replay_is_touched(block, words < words_before ? &after : &before)) {
        return REPLAY_NOT_KEPT;
    }
    replay_touch_block(block, &after);
    *place = block;
    return REPLAY_NO_FAULT;
}

/* An event of the heap in the timed loops, on the block that `place` holds. */
static inline enum replay_fault_kind REPLAY_FUNCTION(heap_event)(struct replay_worker *worker,
                                                                 const struct plan_event *event,
                                                                 unsigned operation, void **place,
                                                                 size_t bytes) {
    if (operation == TRACE_FREE) {
        if (__builtin_expect(!replay_is_block_touched(*place, event), 0)) {
            return REPLAY_OVERLAP;
        }
        REPLAY_FUNCTION(free)(worker->handles[event->class], *place);
        return REPLAY_NO_FAULT;
    }
    if (__builtin_expect(operation == TRACE_REALLOC, 0)) {
        return REPLAY_FUNCTION(change_block)(worker, event, place, bytes);
    }
    void *block = REPLAY_FUNCTION(block_event)(worker, event, operation, NULL, bytes);
    if (__builtin_expect(!block, 0)) {
        return REPLAY_NO_OBJECT;
    }
    replay_touch_block(block, event);
    *place = block;
    return REPLAY_NO_FAULT;
}

static inline REPLAY_INLINE void REPLAY_FUNCTION(run_alone)(struct replay_worker *worker,
                                                            const bool has_heap) {
    void **objects = worker->objects;
    const uint32_t *bytes = worker->bytes;
    const struct plan_event *end = worker->events_end;
    for (const struct plan_event *event = worker->events; event < end; event++) {
        if (event->operation == TRACE_PUT) {
            void *object = objects[event->object];
            if (__builtin_expect(!replay_is_touched(object, event), 0)) {
                replay_stop(worker, REPLAY_OVERLAP, event);
                return;
            }
            REPLAY_FUNCTION(put)(worker->handles[event->class], object);
            continue;
        }
        if (has_heap && event->operation >= TRACE_MALLOC) {
            enum replay_fault_kind fault = REPLAY_FUNCTION(heap_event)(
                worker, event, event->operation, &objects[event->object],
                event->operation == TRACE_FREE ? 0 : *bytes++);
            if (__builtin_expect(fault != REPLAY_NO_FAULT, 0)) {
                replay_stop(worker, fault, event);
                return;
            }
            continue;
        }
        void *object = REPLAY_FUNCTION(get_event)(worker, event, event->operation == TRACE_GET0);
        if (__builtin_expect(!object, 0)) {
            replay_stop(worker, REPLAY_NO_OBJECT, event);
            return;
        }
        replay_touch(object, event);
        objects[event->object] = object;
    }
}

static REPLAY_APART void REPLAY_FUNCTION(run_alone_of_pools)(struct replay_worker *worker) {
    REPLAY_FUNCTION(run_alone)(worker, false);
}

static REPLAY_APART void REPLAY_FUNCTION(run_alone_with_heap)(struct replay_worker *worker) {
    REPLAY_FUNCTION(run_alone)(worker, true);
}

static void REPLAY_FUNCTION(run_single)(struct replay_worker *worker) {
    if (worker->bytes) {
        REPLAY_FUNCTION(run_alone_with_heap)(worker);
    } else {
        REPLAY_FUNCTION(run_alone_of_pools)(worker);
    }
}

static inline REPLAY_INLINE void REPLAY_FUNCTION(run_together)(struct replay_worker *worker,
                                                               const bool has_heap) {
    const uint32_t *ticket = worker->tickets;
    const uint32_t *bytes = worker->bytes;
    const struct plan_event *end = worker->events_end;
    for (const struct plan_event *event = worker->events; event < end; event++) {
        struct replay_cell *cell = &worker->cells[event->object];
        unsigned operation = event->operation & PLAN_OPERATION_MASK;
        if ((event->operation & PLAN_WAIT) && !replay_wait(worker, cell, *ticket)) {
            return;
        }
        if (operation == TRACE_PUT) {
            if (__builtin_expect(!replay_is_touched(cell->object, event), 0)) {
                replay_stop(worker, REPLAY_OVERLAP, event);
                return;
            }
            REPLAY_FUNCTION(put)(worker->handles[event->class], cell->object);
        } else if (has_heap && operation >= TRACE_MALLOC) {
            enum replay_fault_kind fault = REPLAY_FUNCTION(heap_event)(
                worker, event, operation, &cell->object, operation == TRACE_FREE ? 0 : *bytes++);
            if (__builtin_expect(fault != REPLAY_NO_FAULT, 0)) {
                replay_stop(worker, fault, event);
                return;
            }
        } else {
            void *object = REPLAY_FUNCTION(get_event)(worker, event, operation == TRACE_GET0);
            if (__builtin_expect(!object, 0)) {
                replay_stop(worker, REPLAY_NO_OBJECT, event);
                return;
            }
            replay_touch(object, event);
            cell->object = object;
        }
        if (event->operation & PLAN_PUBLISH) {
            replay_publish(cell, *ticket);
        }
        ticket += (event->operation & (PLAN_WAIT | PLAN_PUBLISH)) != 0;
    }
}

static REPLAY_APART void REPLAY_FUNCTION(run_together_of_pools)(struct replay_worker *worker) {
    REPLAY_FUNCTION(run_together)(worker, false);
}

static REPLAY_APART void REPLAY_FUNCTION(run_together_with_heap)(struct replay_worker *worker) {
    REPLAY_FUNCTION(run_together)(worker, true);
}

static void REPLAY_FUNCTION(run_shared)(struct replay_worker *worker) {
    if (worker->bytes) {
        REPLAY_FUNCTION(run_together_with_heap)(worker);
    } else {
        REPLAY_FUNCTION(run_together_of_pools)(worker);
    }
}

/* The verified loop's events: the fault that they find. */

static enum replay_fault_kind REPLAY_FUNCTION(verify_heap)(struct replay_worker *worker,
                                                           const struct plan_event *event,
                                                           unsigned operation,
                                                           struct replay_cell *cell, size_t bytes) {
    uint64_t stamp = replay_stamp(event);
    bool is_there = operation == TRACE_FREE || operation == TRACE_REALLOC;
    if (is_there && !replay_is_filled(cell->object, cell->block_bytes, stamp)) {
        return REPLAY_OVERLAP;
    }
    if (operation == TRACE_FREE) {
        REPLAY_FUNCTION(free)(worker->handles[event->class], cell->object);
        return REPLAY_NO_FAULT;
    }
    void *block = REPLAY_FUNCTION(block_event)(worker, event, operation, cell->object, bytes);
    if (!block) {
        return REPLAY_NO_OBJECT;
    }
    if (operation == TRACE_CALLOC && !replay_is_zero(block, bytes)) {
        return REPLAY_NOT_ZEROED;
    }
    size_t kept = bytes < cell->block_bytes ? bytes : cell->block_bytes;
    if (operation == TRACE_REALLOC && !replay_is_filled(block, kept, stamp)) {
        return REPLAY_NOT_KEPT;
    }
    replay_fill(block, bytes, stamp);
    cell->object = block;
    cell->block_bytes = (uint32_t)bytes;
    return REPLAY_NO_FAULT;
}

static enum replay_fault_kind REPLAY_FUNCTION(verify_pool)(struct replay_worker *worker,
                                                           const struct plan_event *event,
                                                           unsigned operation,
                                                           struct replay_cell *cell) {
    size_t bytes = worker->object_bytes[event->class];
    if (operation == TRACE_PUT) {
        if (!replay_is_filled(cell->object, bytes, replay_stamp(event))) {
            return REPLAY_OVERLAP;
        }
        REPLAY_FUNCTION(put)(worker->handles[event->class], cell->object);
        return REPLAY_NO_FAULT;
    }
    void *object = REPLAY_FUNCTION(get_event)(worker, event, operation == TRACE_GET0);
    if (!object) {
        return REPLAY_NO_OBJECT;
    }
    if (operation == TRACE_GET0 && !replay_is_zero(object, bytes)) {
        return REPLAY_NOT_ZEROED;
    }
    replay_fill(object, bytes, replay_stamp(event));
    cell->object = object;
    return REPLAY_NO_FAULT;
}

__attribute__((unused)) static void REPLAY_FUNCTION(run_verified)(struct replay_worker *worker) {
    const uint32_t *ticket = worker->tickets;
    const uint32_t *bytes = worker->bytes;
    const struct plan_event *end = worker->events_end;
    size_t until_sample = worker->sample_interval;
    for (const struct plan_event *event = worker->events; event < end; event++) {
        struct replay_cell *cell = &worker->cells[event->object];
        uint8_t operation = event->operation & PLAN_OPERATION_MASK;
        if ((event->operation & PLAN_WAIT) && !replay_wait(worker, cell, *ticket)) {
            return;
        }
        enum replay_fault_kind fault =
            operation < TRACE_MALLOC
                ? REPLAY_FUNCTION(verify_pool)(worker, event, operation, cell)
                : REPLAY_FUNCTION(verify_heap)(worker, event, operation, cell,
                                               trace_has_bytes(operation) ? *bytes++ : 0);
        if (fault != REPLAY_NO_FAULT) {
            replay_stop(worker, fault, event);
            return;
        }
        if (event->operation & PLAN_PUBLISH) {
            replay_publish(cell, *ticket);
        }
        ticket += (event->operation & (PLAN_WAIT | PLAN_PUBLISH)) != 0;
        if (--until_sample == 0) {
            replay_sample(worker);
            until_sample = worker->sample_interval;
        }
    }
}

#undef REPLAY_FUNCTION
#undef REPLAY_JOIN
#undef REPLAY_JOIN2
#undef REPLAY_INLINE
#undef REPLAY_APART
#undef REPLAY_PREFIX
#undef REPLAY_GET
#undef REPLAY_GET0
#undef REPLAY_PUT
#undef REPLAY_MALLOC
#undef REPLAY_CALLOC
#undef REPLAY_REALLOC
#undef REPLAY_FREE
