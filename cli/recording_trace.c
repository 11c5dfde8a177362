/* SPDX-License-Identifier: MIT */
/* The trace that a recording becomes. */
#include "cli/recording_trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay/header.h"
#include "replay/trace.h"

enum {
    LINE_BYTES = 64,       /* of a header's line, about, beside the name; */
    HEADER_SPARE = 64 << 10, /* and of what is not counted */
    NAME_BYTES_MAX = 200,
};

static uint32_t least(uint64_t a, uint64_t b) {
    return (uint32_t)(a < b ? a : b);
}

/* Room for one more of an array; false: no memory. */
static bool make_room(void **array, size_t n, size_t *capacity, size_t item_bytes) {
    if (n < *capacity) {
        return true;
    }
    size_t more = *capacity != 0 ? *capacity * 2 : 64;
    void *larger = realloc(*array, more * item_bytes);
    if (larger != NULL) {
        *array = larger;
        *capacity = more;
    }
    return larger != NULL;
}

/* One word of a header: printable, no blanks. */
static char *copy_name(const char *name) {
    size_t n = strnlen(name, NAME_BYTES_MAX);
    char *copy = malloc(n + 2);
    if (copy == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        unsigned char byte = (unsigned char)name[i];
        copy[i] = byte == ' ' ? '_' : byte < ' ' || byte >= 0x7f ? '?' : name[i];
    }
    copy[n] = '\0';
    if (n == 0) {
        strcpy(copy, "?");
    }
    return copy;
}

static bool header_has_room(struct recording_trace *trace, const char *name) {
    trace->header_bytes += LINE_BYTES + strlen(name);
    if (trace->header_bytes + HEADER_SPARE > HEADER_BYTES_MAX) {
        trace->sums.limit = "more threads, pools and accounts than a trace's header holds";
    }
    return trace->sums.limit == NULL;
}

/* ---- events ---------------------------------------------------------------------------------- */

static int add_event(struct recording_trace *trace, uint8_t operation, uint32_t thread,
                     uint32_t class, uint32_t slot, uint32_t bytes) {
    uint64_t ticks = trace->now_ns / TICK_NS;
    uint64_t delta = ticks - trace->last_ticks;
    if (trace->sums.events >= trace->events_max) {
        trace->sums.limit = "as many events as were asked for";
        return 0;
    }
    trace->last_ticks = ticks;
    trace->sums.cut_waits += delta > UINT32_MAX;
    trace->sums.events++;
    struct trace_event event = {
        .operation = operation,
        .thread = (uint16_t)thread,
        .class = (uint16_t)class,
        .slot = slot,
        .delta_ticks = least(delta, UINT32_MAX),
        .bytes = bytes,
    };
    return trace_writer_add(trace->writer, &event);
}

int recording_trace_thread(struct recording_trace *trace, uint32_t number, const char *name) {
    if (number != trace->sums.threads) {
        return -EBADMSG;
    }
    if (number == TRACE_THREADS_MAX) {
        trace->sums.limit = "more threads than a trace holds";
    }
    if (trace->sums.limit != NULL || !header_has_room(trace, name)) {
        return 0;
    }
    if (!make_room((void **)&trace->threads, number, &trace->threads_capacity,
                   sizeof trace->threads[0]) ||
        (trace->threads[number] = copy_name(name)) == NULL) {
        return -ENOMEM;
    }
    trace->sums.threads++;
    return add_event(trace, TRACE_THREAD_START, number, NO_CLASS, 0, 0);
}

int recording_trace_exit(struct recording_trace *trace, uint32_t thread) {
    return add_event(trace, TRACE_THREAD_EXIT, thread, NO_CLASS, 0, 0);
}

/* ---- classes --------------------------------------------------------------------------------- */

static int add_class(struct recording_trace *trace, struct recorded_class class, const char *name,
                     uint16_t *ret) {
    if (trace->n_classes == TRACE_CLASSES_MAX) {
        trace->sums.limit = "more pools and accounts than a trace holds";
    }
    if (trace->sums.limit != NULL || !header_has_room(trace, name)) {
        return 0;
    }
    class.name = copy_name(name);
    if (class.name == NULL ||
        !make_room((void **)&trace->classes, trace->n_classes, &trace->classes_capacity,
                   sizeof trace->classes[0])) {
        free(class.name);
        return -ENOMEM;
    }
    *ret = (uint16_t)trace->n_classes;
    trace->classes[trace->n_classes++] = class;
    return 0;
}

int recording_trace_destroy(struct recording_trace *trace, uint32_t thread, uint32_t number) {
    uint16_t class = trace->class_of_pool[number];
    if (class == NO_CLASS || !trace->classes[class].exists) {
        return 0;
    }
    trace->classes[class].exists = false;
    return add_event(trace, TRACE_POOL_DESTROY, thread, class, 0, 0);
}

/* What a replay would be asked to make ready; more than it takes is none. */
static uint32_t acceptable_count(struct recording_trace *trace, uint32_t object_bytes,
                                 uint64_t count) {
    uint64_t bytes = count * (object_bytes + TRACE_OVERHEAD_BYTES);
    if (count > TRACE_COUNT_MAX || bytes > TRACE_READY_BYTES_MAX - trace->ready_bytes) {
        return 0;
    }
    trace->ready_bytes += bytes;
    return (uint32_t)count;
}

int recording_trace_pool(struct recording_trace *trace, uint32_t thread, uint32_t number,
                         uint64_t object_bytes, uint64_t count, const char *name) {
    struct recorded_class class = {.exists = true};
    int result = recording_trace_destroy(trace, thread, number);
    trace->class_of_pool[number] = NO_CLASS;
    trace->sums.cut_sizes += object_bytes > TRACE_OBJECT_BYTES_MAX;
    class.object_bytes = least(object_bytes, TRACE_OBJECT_BYTES_MAX);
    class.count = acceptable_count(trace, class.object_bytes, count);
    if (result == 0) {
        result = add_class(trace, class, name, &trace->class_of_pool[number]);
    }
    if (result != 0 || trace->class_of_pool[number] == NO_CLASS) {
        return result;
    }
    trace->sums.pools++;
    return add_event(trace, TRACE_POOL_NEW, thread, trace->class_of_pool[number], 0, 0);
}

int recording_trace_account(struct recording_trace *trace, uint32_t number, const char *name) {
    struct recorded_class class = {.is_site = true, .exists = true};
    if (trace->class_of_account[number] != NO_CLASS) {
        return 0;
    }
    int result = add_class(trace, class, name, &trace->class_of_account[number]);
    trace->sums.sites += trace->class_of_account[number] != NO_CLASS;
    return result;
}

/* ---- objects --------------------------------------------------------------------------------- */

static uint32_t take_slot(struct recorded_class *class) {
    return class->n_free > 0 ? class->free[--class->n_free] : class->slots++;
}

static bool give_slot(struct recorded_class *class, uint32_t slot) {
    size_t capacity = class->free_capacity;
    if (!make_room((void **)&class->free, class->n_free, &capacity, sizeof class->free[0])) {
        return false;
    }
    class->free_capacity = (uint32_t)capacity;
    class->free[class->n_free++] = slot;
    return true;
}

/* The put of what the table has as live. */
static int put_live(struct recording_trace *trace, uint32_t thread, struct live *live) {
    struct recorded_class *class = &trace->classes[live->class];
    uint8_t operation = class->is_site ? TRACE_FREE : TRACE_PUT;
    int result = add_event(trace, operation, thread, live->class, live->slot, 0);
    if (result == 0 && trace->sums.limit == NULL) {
        trace->sums.frees += class->is_site;
        trace->sums.puts += !class->is_site;
        result = give_slot(class, live->slot) ? 0 : -ENOMEM;
        live_remove(&trace->live, live);
    }
    return result;
}

int recording_trace_put(struct recording_trace *trace, uint32_t thread, uint64_t address) {
    struct live *live = live_find(&trace->live, address);
    if (live == NULL) {
        trace->sums.unknown++;
        return 0;
    }
    if (live->kind == LIVE_MOVED) {
        live_remove(&trace->live, live);
        return 0;
    }
    return put_live(trace, thread, live);
}

/* Make way for something at this address. */
static int clear_address(struct recording_trace *trace, uint32_t thread, uint64_t address) {
    struct live *live = live_find(&trace->live, address);
    if (live == NULL) {
        return 0;
    }
    if (live->kind == LIVE_MOVED) {
        live_remove(&trace->live, live);
        return 0;
    }
    trace->sums.mended++;
    return put_live(trace, thread, live);
}

static uint32_t cut_bytes(struct recording_trace *trace, uint32_t bytes) {
    trace->sums.cut_sizes += bytes > TRACE_OBJECT_BYTES_MAX;
    return least(bytes, TRACE_OBJECT_BYTES_MAX);
}

static void count_got(struct recording_trace *trace, const struct live *live) {
    if (live->kind == LIVE_BEFORE) {
        trace->sums.live_before++;
    } else if (trace->classes[live->class].is_site) {
        trace->sums.allocations++;
    } else {
        trace->sums.gets++;
    }
}

int recording_trace_got(struct recording_trace *trace, uint8_t operation, uint32_t thread,
                        struct live live, uint32_t bytes) {
    const struct live *before = live_find(&trace->live, live.address);
    if (live.class == NO_CLASS) {
        return 0;
    }
    if (before != NULL && before->kind == LIVE_BEFORE && before->class == live.class) {
        return 0; /* it was under way when the recording began, and is told the second time */
    }
    int result = clear_address(trace, thread, live.address);
    if (result != 0 || trace->sums.limit != NULL) {
        return result;
    }
    struct recorded_class *class = &trace->classes[live.class];
    live.slot = take_slot(class);
    bytes = class->is_site ? cut_bytes(trace, bytes) : 0;
    result = add_event(trace, operation, thread, live.class, live.slot, bytes);
    if (result == 0 && trace->sums.limit == NULL) {
        count_got(trace, &live);
        result = live_add(&trace->live, live) ? 0 : -ENOMEM;
    }
    return result;
}

int recording_trace_resized(struct recording_trace *trace, uint32_t thread, uint64_t from,
                            struct live live, uint32_t bytes) {
    struct live *before = live_find(&trace->live, from);
    if (live.class == NO_CLASS) {
        return 0;
    }
    if (before == NULL || before->kind == LIVE_MOVED ||
        !trace->classes[before->class].is_site) {
        trace->sums.mended++;
        return recording_trace_got(trace, TRACE_MALLOC, thread, live, bytes);
    }
    live.class = before->class;
    live.slot = before->slot;
    int result = 0;
    if (from != live.address) {
        before->kind = LIVE_MOVED; /* its put comes with the stream's next events */
        result = clear_address(trace, thread, live.address);
        result = result == 0 && !live_add(&trace->live, live) ? -ENOMEM : result;
    }
    if (result == 0) {
        result = add_event(trace, TRACE_REALLOC, thread, live.class, live.slot,
                           cut_bytes(trace, bytes));
        trace->sums.reallocations += trace->sums.limit == NULL;
    }
    return result;
}

/* ---- the end --------------------------------------------------------------------------------- */

void recording_trace_free(struct recording_trace *trace) {
    for (size_t i = 0; i < trace->sums.threads; i++) {
        free(trace->threads[i]);
    }
    for (size_t i = 0; i < trace->n_classes; i++) {
        free(trace->classes[i].name);
        free(trace->classes[i].free);
    }
    free(trace->threads);
    free(trace->classes);
    live_free(&trace->live);
    trace_writer_free(trace->writer);
}
