/* SPDX-License-Identifier: MIT */
/* Checks the events of a trace. */
#include "replay/check.h"

#include <errno.h>
#include <stdbool.h>

#include "replay/header.h"

enum life {
    LIFE_NONE = 0, /* zero, as fresh memory is */
    LIFE_RUNNING,
    LIFE_OVER,
};

enum {
    NO_GET_BIT = 0x80, /* of an operation: the object's get is not in the trace */
};

struct check {
    struct trace *trace;
    struct trace_error *error;
    uint32_t event;
    uint8_t *threads; /* enum life of each */
    uint8_t *pools;   /* enum life of each */
    uint8_t *is_live; /* of each object */
    uint32_t live_objects;
    uint64_t live_bytes;
    uint64_t live_cost; /* the same with the overhead that the limit counts */
};

#define fail_event(check, format, ...)                                                             \
    trace_fail((check)->error, (check)->trace, "event %u: " format, (check)->event, __VA_ARGS__)

static int fail_object(struct check *check, const char *doing, uint32_t pool, uint32_t slot,
                       const char *fault) {
    return fail_event(check, "%s object %u of pool %u (%s), %s", doing, slot, pool,
                      check->trace->pools[pool].name, fault);
}

static int check_thread(struct check *check, uint8_t operation) {
    uint32_t thread = trace_thread(check->trace, check->event);
    if (thread >= check->trace->n_threads) {
        return fail_event(check, "thread %u, of %u", thread, check->trace->n_threads);
    }
    uint8_t *life = &check->threads[thread];
    if (operation == TRACE_THREAD_START) {
        if (*life != LIFE_NONE) {
            return fail_event(check, "thread %u starts a second time", thread);
        }
        *life = LIFE_RUNNING;
        return 0;
    }
    if (*life != LIFE_RUNNING) {
        return fail_event(check, "thread %u %s", thread,
                          *life == LIFE_NONE ? "has not started" : "has ended");
    }
    if (operation == TRACE_THREAD_EXIT) {
        *life = LIFE_OVER;
    }
    return 0;
}

static int check_pool_new(struct check *check, uint32_t pool) {
    if (check->pools[pool] != LIFE_NONE) {
        return fail_event(check, "pool %u is created a second time", pool);
    }
    check->pools[pool] = LIFE_RUNNING;
    return 0;
}

static int check_pool_destroy(struct check *check, uint32_t pool) {
    if (check->pools[pool] != LIFE_RUNNING) {
        return fail_event(check, "pool %u is destroyed but does not exist", pool);
    }
    check->pools[pool] = LIFE_OVER;
    return 0;
}

static int check_get(struct check *check, uint8_t operation, uint32_t pool, uint32_t slot) {
    struct trace *trace = check->trace;
    const struct trace_pool *from = &trace->pools[pool];
    uint8_t *is_live = &check->is_live[from->first_object + slot];
    if (check->pools[pool] != LIFE_RUNNING) {
        return fail_object(check, "get of", pool, slot, "which does not exist at this time");
    }
    if (*is_live) {
        return fail_object(check, "get of", pool, slot, "which is live");
    }
    *is_live = 1;
    trace->n_gets++;
    trace->n_zeroed_gets += operation == TRACE_GET0;
    check->live_bytes += from->object_bytes;
    check->live_cost += from->object_bytes + TRACE_OVERHEAD_BYTES;
    check->live_objects++;
    if (check->live_bytes > trace->peak_live_bytes) {
        trace->peak_live_bytes = check->live_bytes;
    }
    if (check->live_objects > trace->peak_live_objects) {
        trace->peak_live_objects = check->live_objects;
    }
    if (check->live_cost > TRACE_LIVE_BYTES_MAX) {
        return fail_event(check, "more than %llu MiB are live",
                          (unsigned long long)(TRACE_LIVE_BYTES_MAX >> 20));
    }
    return 0;
}

static int check_put(struct check *check, uint32_t pool, uint32_t slot) {
    const struct trace_pool *from = &check->trace->pools[pool];
    uint8_t *is_live = &check->is_live[from->first_object + slot];
    if (!*is_live) {
        return fail_object(check, "put of", pool, slot, "which is not live");
    }
    *is_live = 0;
    check->trace->n_puts++;
    check->live_bytes -= from->object_bytes;
    check->live_cost -= from->object_bytes + TRACE_OVERHEAD_BYTES;
    check->live_objects--;
    return 0;
}

/* Events that name a pool. */
static int check_pool_event(struct check *check, uint8_t operation) {
    const struct trace *trace = check->trace;
    uint32_t pool = trace_pool(trace, check->event);
    uint32_t slot = trace_slot(trace, check->event);
    if (pool >= trace->n_pools) {
        return fail_event(check, "pool %u, of %u", pool, trace->n_pools);
    }
    if (operation == TRACE_POOL_NEW) {
        return check_pool_new(check, pool);
    }
    if (operation == TRACE_POOL_DESTROY) {
        return check_pool_destroy(check, pool);
    }
    if (slot >= trace->pools[pool].slots) {
        return fail_event(check, "slot %u of pool %u (%s), which has %u", slot, pool,
                          trace->pools[pool].name, trace->pools[pool].slots);
    }
    return operation == TRACE_PUT ? check_put(check, pool, slot)
                                  : check_get(check, operation, pool, slot);
}

static int check_event(struct check *check) {
    uint8_t operation = trace_operation(check->trace, check->event);
    if (operation & NO_GET_BIT) {
        return fail_event(check,
                          "operation 0x%02x: the object's get is not in the trace, which "
                          "this version cannot replay",
                          operation);
    }
    if (operation >= TRACE_OPERATIONS && operation <= TRACE_HEAP_LAST) {
        return fail_event(check,
                          "operation %u: this trace has heap events, which this version "
                          "cannot replay",
                          operation);
    }
    if (operation > TRACE_HEAP_LAST) {
        return fail_event(check, "unknown operation %u", operation);
    }
    int result = check_thread(check, operation);
    bool names_pool = operation != TRACE_THREAD_START && operation != TRACE_THREAD_EXIT &&
                      operation != TRACE_PUT_FOREIGN;
    return result == 0 && names_pool ? check_pool_event(check, operation) : result;
}

int trace_check(struct trace *trace, struct trace_error *error) {
    struct replay_memory scratch = {0};
    struct check check = {
        .trace = trace,
        .error = error,
        .threads = replay_memory_take(&scratch, trace->n_threads, 1),
        .pools = replay_memory_take(&scratch, trace->n_pools, 1),
        .is_live = replay_memory_take(&scratch, trace->n_objects, 1),
    };
    int result = 0;
    if (!check.threads || !check.pools || !check.is_live) {
        result = trace_fail_system(error, trace, "check the events", ENOMEM);
    }
    for (; result == 0 && check.event < trace->n_events; check.event++) {
        result = check_event(&check);
        trace->duration_ticks += trace_wide(&trace->delta_ticks, check.event);
    }
    trace->live_at_end = check.live_objects;
    replay_memory_release(&scratch);
    return result;
}
