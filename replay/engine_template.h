/* SPDX-License-Identifier: MIT */
/* The hot loops of one contender. Included once for each, without an include guard. */

/*
 * Before including this file, define
 *
 *   REPLAY_PREFIX                        start of the functions' names
 *   REPLAY_GET(pool, object_bytes)       an object, or NULL
 *   REPLAY_GET0(pool, object_bytes)      a zeroed one
 *   REPLAY_PUT(pool, object)
 *
 * where pool is what the contender's pool_create returned, a void *. The file defines the static
 * functions PREFIX_put, PREFIX_run_single, PREFIX_run_shared and PREFIX_run_verified for the fields
 * of that name of struct replay_contender, and undefines the four macros. The macros may use the
 * variable `event`, the struct plan_event at hand, only in REPLAY_GET and REPLAY_GET0.
 */

#include "replay/engine.h"

#define REPLAY_JOIN2(a, b) a##_##b
#define REPLAY_JOIN(a, b) REPLAY_JOIN2(a, b)
#define REPLAY_FUNCTION(name) REPLAY_JOIN(REPLAY_PREFIX, name)

static void REPLAY_FUNCTION(put)(void *pool, void *object) {
    (void)pool;
    REPLAY_PUT(pool, object);
}

/* Either get of an event. */
static inline void *REPLAY_FUNCTION(get_event)(const struct replay_worker *worker,
                                               const struct plan_event *event, bool is_zeroed) {
    void *pool = worker->pools[event->pool];
    (void)pool;
    return is_zeroed ? REPLAY_GET0(pool, worker->object_bytes[event->pool])
                     : REPLAY_GET(pool, worker->object_bytes[event->pool]);
}

static void REPLAY_FUNCTION(run_single)(struct replay_worker *worker) {
    void **objects = worker->objects;
    const struct plan_event *end = worker->events_end;
    for (const struct plan_event *event = worker->events; event < end; event++) {
        if (event->operation == TRACE_PUT) {
            void *object = objects[event->object];
            if (__builtin_expect(!replay_is_touched(object, event), 0)) {
                replay_stop(worker, REPLAY_OVERLAP, event);
                return;
            }
            REPLAY_FUNCTION(put)(worker->pools[event->pool], object);
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

static void REPLAY_FUNCTION(run_shared)(struct replay_worker *worker) {
    const uint32_t *ticket = worker->tickets;
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
            REPLAY_FUNCTION(put)(worker->pools[event->pool], cell->object);
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

/* One event of the verified loop: false at a fault. */
static bool REPLAY_FUNCTION(verify_event)(struct replay_worker *worker,
                                          const struct plan_event *event,
                                          struct replay_cell *cell) {
    size_t bytes = worker->object_bytes[event->pool];
    unsigned operation = event->operation & PLAN_OPERATION_MASK;
    if (operation == TRACE_PUT) {
        if (!replay_is_filled(cell->object, bytes, replay_stamp(event))) {
            replay_stop(worker, REPLAY_OVERLAP, event);
            return false;
        }
        REPLAY_FUNCTION(put)(worker->pools[event->pool], cell->object);
        return true;
    }
    void *object = REPLAY_FUNCTION(get_event)(worker, event, operation == TRACE_GET0);
    if (!object) {
        replay_stop(worker, REPLAY_NO_OBJECT, event);
        return false;
    }
    if (operation == TRACE_GET0 && !replay_is_zero(object, bytes)) {
        replay_stop(worker, REPLAY_NOT_ZEROED, event);
        return false;
    }
    replay_fill(object, bytes, replay_stamp(event));
    cell->object = object;
    return true;
}

__attribute__((unused)) static void REPLAY_FUNCTION(run_verified)(struct replay_worker *worker) {
    const uint32_t *ticket = worker->tickets;
    const struct plan_event *end = worker->events_end;
    size_t until_sample = worker->sample_interval;
    for (const struct plan_event *event = worker->events; event < end; event++) {
        struct replay_cell *cell = &worker->cells[event->object];
        if ((event->operation & PLAN_WAIT) && !replay_wait(worker, cell, *ticket)) {
            return;
        }
        if (!REPLAY_FUNCTION(verify_event)(worker, event, cell)) {
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
#undef REPLAY_PREFIX
#undef REPLAY_GET
#undef REPLAY_GET0
#undef REPLAY_PUT
