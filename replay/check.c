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
    uint8_t *pools;   /* enum life of each; sites have none */
    /* of each object */
    uint8_t *is_live;      /* 0 or 1 */
    uint32_t *block_bytes; /* of a live block */
    uint32_t live_objects;
    uint64_t live_bytes;
};

#define fail_event(check, format, ...)                                                             \
    trace_fail((check)->error, (check)->trace, "event %u: " format, (check)->event, __VA_ARGS__)

static const char *kind_text(const struct trace_class *class) {
    return class->is_site ? "site" : "pool";
}

static int fail_object(struct check *check, const char *doing, uint32_t class, uint32_t slot,
                       const char *fault) {
    const struct trace_class *from = &check->trace->classes[class];
    return fail_event(check, "%s object %u of %s %u (%s), %s", doing, slot, kind_text(from), class,
                      from->name, fault);
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

/* Something more is live. */
static int add_live(struct check *check, uint64_t bytes) {
    struct trace *trace = check->trace;
    check->live_bytes += bytes;
    check->live_objects++;
    if (check->live_bytes > trace->peak_live_bytes) {
        trace->peak_live_bytes = check->live_bytes;
    }
    if (check->live_objects > trace->peak_live_objects) {
        trace->peak_live_objects = check->live_objects;
    }
    uint64_t cost = check->live_bytes + check->live_objects * TRACE_OVERHEAD_BYTES;
    if (cost > TRACE_LIVE_BYTES_MAX) {
        return fail_event(check, "more than %llu MiB are live",
                          (unsigned long long)(TRACE_LIVE_BYTES_MAX >> 20));
    }
    return 0;
}

static void subtract_live(struct check *check, uint64_t bytes) {
    check->live_bytes -= bytes;
    check->live_objects--;
}

static int check_get(struct check *check, uint8_t operation, uint32_t pool, uint32_t slot) {
    struct trace *trace = check->trace;
    const struct trace_class *from = &trace->classes[pool];
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
    return add_live(check, from->object_bytes);
}

static int check_put(struct check *check, uint32_t pool, uint32_t slot) {
    const struct trace_class *from = &check->trace->classes[pool];
    uint8_t *is_live = &check->is_live[from->first_object + slot];
    if (!*is_live) {
        return fail_object(check, "put of", pool, slot, "which is not live");
    }
    *is_live = 0;
    check->trace->n_puts++;
    subtract_live(check, from->object_bytes);
    return 0;
}

/* An allocation, or a reallocation of what is live. */
static int check_allocation(struct check *check, uint8_t operation, uint32_t site, uint32_t slot) {
    struct trace *trace = check->trace;
    uint32_t object = trace->classes[site].first_object + slot;
    uint32_t bytes = trace_bytes(trace, check->event);
    bool is_change = operation == TRACE_REALLOC;
    if (bytes > TRACE_OBJECT_BYTES_MAX) {
        return fail_event(check, "a block of %u bytes, more than %llu", bytes,
                          (unsigned long long)TRACE_OBJECT_BYTES_MAX);
    }
    if (is_change != check->is_live[object]) {
        return fail_object(check, is_change ? "realloc of" : "allocation of", site, slot,
                           is_change ? "which is not live" : "which is live");
    }
    if (is_change) {
        subtract_live(check, check->block_bytes[object]);
    }
    check->is_live[object] = 1;
    check->block_bytes[object] = bytes;
    trace->n_allocations += !is_change;
    trace->n_zeroed_allocations += operation == TRACE_CALLOC;
    trace->n_reallocations += is_change;
    return add_live(check, bytes);
}

static int check_free(struct check *check, uint32_t site, uint32_t slot) {
    uint32_t object = check->trace->classes[site].first_object + slot;
    if (!check->is_live[object]) {
        return fail_object(check, "free of", site, slot, "which is not live");
    }
    check->is_live[object] = 0;
    check->trace->n_frees++;
    subtract_live(check, check->block_bytes[object]);
    return 0;
}

/* Events on an object, whose class is of the right kind. */
static int check_object_event(struct check *check, uint8_t operation, uint32_t class) {
    uint32_t slot = trace_slot(check->trace, check->event);
    const struct trace_class *from = &check->trace->classes[class];
    if (slot >= from->slots) {
        return fail_event(check, "slot %u of %s %u (%s), which has %u", slot, kind_text(from),
                          class, from->name, from->slots);
    }
    if (operation == TRACE_PUT) {
        return check_put(check, class, slot);
    }
    if (operation == TRACE_FREE) {
        return check_free(check, class, slot);
    }
    return operation >= TRACE_MALLOC ? check_allocation(check, operation, class, slot)
                                     : check_get(check, operation, class, slot);
}

/* Events that name a pool or a site. */
static int check_class_event(struct check *check, uint8_t operation) {
    const struct trace *trace = check->trace;
    uint32_t class = trace_class(trace, check->event);
    bool is_heap = operation >= TRACE_MALLOC;
    if (class >= trace->n_classes) {
        return fail_event(check, "%s %u, of %u", is_heap ? "site" : "pool", class,
                          trace->n_classes);
    }
    if (trace->classes[class].is_site != is_heap) {
        return fail_event(check, "operation %u names %s %u (%s)", operation,
                          kind_text(&trace->classes[class]), class, trace->classes[class].name);
    }
    if (operation == TRACE_POOL_NEW) {
        return check_pool_new(check, class);
    }
    if (operation == TRACE_POOL_DESTROY) {
        return check_pool_destroy(check, class);
    }
    return check_object_event(check, operation, class);
}

static int check_event(struct check *check) {
    uint8_t operation = trace_operation(check->trace, check->event);
    if (operation & NO_GET_BIT) {
        return fail_event(check,
                          "operation 0x%02x: the object's get is not in the trace, which "
                          "this version cannot replay",
                          operation);
    }
    if (operation >= TRACE_OPERATIONS) {
        return fail_event(check, "unknown operation %u", operation);
    }
    int result = check_thread(check, operation);
    bool names_class = operation != TRACE_THREAD_START && operation != TRACE_THREAD_EXIT &&
                       operation != TRACE_PUT_FOREIGN;
    return result == 0 && names_class ? check_class_event(check, operation) : result;
}

int trace_check(struct trace *trace, struct trace_error *error) {
    struct replay_memory scratch = {0};
    struct check check = {
        .trace = trace,
        .error = error,
        .threads = replay_memory_take(&scratch, trace->n_threads, 1),
        .pools = replay_memory_take(&scratch, trace->n_classes, 1),
        .is_live = replay_memory_take(&scratch, trace->n_objects, 1),
        .block_bytes = replay_memory_take(&scratch, trace->n_objects, sizeof(uint32_t)),
    };
    int result = 0;
    if (!check.threads || !check.pools || !check.is_live || !check.block_bytes) {
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
