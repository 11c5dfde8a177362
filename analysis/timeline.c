/* SPDX-License-Identifier: MIT */
/* What was live in the course of a trace. */
#include "analysis/timeline.h"

enum { NO_EVENT = -1 };

struct level_walk {
    const struct trace *trace;
    struct timeline *timeline;
    uint32_t *block_bytes; /* by object */
    uint64_t now_ns;
    uint64_t live_bytes;
    uint64_t most_bytes[TIMELINE_BINS];
    int64_t most_at[TIMELINE_BINS]; /* event; NO_EVENT: nothing happened */
    int64_t first_at[TIMELINE_BINS], last_at[TIMELINE_BINS];
    struct timeline_value levels[2][TRACKS_NAMED + 1];
};

/* What an event changes. */
struct change {
    uint32_t class;
    int64_t count, bytes;
};

/* False: nothing that is live. */
static bool read_change(struct level_walk *walk, uint32_t event, struct change *ret) {
    const struct trace *trace = walk->trace;
    uint8_t operation = trace_operation(trace, event);
    if (!trace_is_replayed(operation)) {
        return false;
    }
    ret->class = trace_class(trace, event);
    uint32_t *held =
        &walk->block_bytes[trace->classes[ret->class].first_object + trace_slot(trace, event)];
    uint32_t before = *held;
    bool is_end = operation == TRACE_PUT || operation == TRACE_FREE;
    *held = is_end                       ? 0
            : trace_has_bytes(operation) ? trace_bytes(trace, event)
                                         : trace->classes[ret->class].object_bytes;
    ret->count = is_end ? -1 : operation != TRACE_REALLOC;
    ret->bytes = (int64_t)*held - (int64_t)before;
    return true;
}

static void pass_time(struct level_walk *walk, uint32_t event) {
    walk->now_ns += (uint64_t)trace_wide(&walk->trace->delta_ticks, event) * walk->trace->tick_ns;
}

static size_t bin_of(const struct level_walk *walk) {
    size_t bin = (size_t)(walk->now_ns / walk->timeline->bin_ns);
    return bin < TIMELINE_BINS ? bin : TIMELINE_BINS - 1;
}

static void count_event(struct timeline *timeline, size_t bin, uint8_t operation) {
    timeline->gets[bin] += operation <= TRACE_GET0;
    timeline->puts[bin] += operation == TRACE_PUT;
    timeline->allocations[bin] += operation == TRACE_MALLOC || operation == TRACE_CALLOC;
    timeline->frees[bin] += operation == TRACE_FREE;
}

/* The first walk: in each part, the event behind which most bytes were live. */
static void find_moments(struct level_walk *walk) {
    for (size_t bin = 0; bin < TIMELINE_BINS; bin++) {
        walk->most_at[bin] = NO_EVENT;
    }
    for (uint32_t event = 0; event < walk->trace->n_events; event++) {
        struct change change;
        pass_time(walk, event);
        if (!read_change(walk, event, &change)) {
            continue;
        }
        size_t bin = bin_of(walk);
        walk->live_bytes += (uint64_t)change.bytes;
        count_event(walk->timeline, bin, trace_operation(walk->trace, event));
        walk->first_at[bin] = walk->most_at[bin] == NO_EVENT ? event : walk->first_at[bin];
        walk->last_at[bin] = event;
        if (walk->most_at[bin] == NO_EVENT || walk->live_bytes > walk->most_bytes[bin]) {
            walk->most_bytes[bin] = walk->live_bytes;
            walk->most_at[bin] = event;
        }
    }
}

static void add_point(struct level_walk *walk) {
    struct timeline *timeline = walk->timeline;
    size_t point = timeline->n_points++;
    timeline->at_ns[point] = walk->now_ns;
    for (size_t kind = 0; kind < 2; kind++) {
        for (size_t track = 0; track <= TRACKS_NAMED; track++) {
            timeline->live[kind][point][track] = walk->levels[kind][track];
        }
    }
}

static bool is_quiet(const struct level_walk *walk, size_t bin) {
    return bin >= TIMELINE_BINS || walk->most_at[bin] == NO_EVENT;
}

/* The second: what was live then. */
static void keep_moments(struct level_walk *walk) {
    walk->now_ns = 0;
    add_point(walk);
    for (uint32_t event = 0; event < walk->trace->n_events; event++) {
        struct change change;
        pass_time(walk, event);
        if (!read_change(walk, event, &change)) {
            continue;
        }
        size_t bin = bin_of(walk);
        if (walk->first_at[bin] == event && is_quiet(walk, bin - 1)) {
            add_point(walk);
        }
        for (size_t kind = 0; kind < 2; kind++) {
            struct timeline_value *level =
                &walk->levels[kind][walk->timeline->tracks[kind]->of_class[change.class]];
            level->count += (uint64_t)change.count;
            level->bytes += (uint64_t)change.bytes;
        }
        if (walk->most_at[bin] == event ||
            (walk->last_at[bin] == event && is_quiet(walk, bin + 1))) {
            add_point(walk);
        }
    }
    add_point(walk);
}

struct timeline *timeline_of_trace(const struct usage *usage, const struct tracks *first,
                                   const struct tracks *second) {
    struct replay_memory memory = {0};
    struct timeline *timeline = replay_memory_take(&memory, 1, sizeof(*timeline));
    if (!timeline) {
        return NULL;
    }
    timeline->memory = memory;
    timeline->tracks[0] = first;
    timeline->tracks[1] = second;
    timeline->bin_ns = usage->duration_ns / TIMELINE_BINS + 1;
    struct replay_memory scratch = {0};
    struct level_walk *walk = replay_memory_take(&scratch, 1, sizeof(*walk));
    uint32_t n_objects = usage->trace->n_objects;
    uint32_t *block_bytes = replay_memory_take(&scratch, n_objects, sizeof(*block_bytes));
    if (!walk || !block_bytes) {
        timeline_free(timeline);
        timeline = NULL;
    } else {
        *walk = (struct level_walk){
            .trace = usage->trace, .timeline = timeline, .block_bytes = block_bytes};
        find_moments(walk);
        for (uint32_t object = 0; object < n_objects; object++) {
            block_bytes[object] = 0;
        }
        keep_moments(walk);
    }
    replay_memory_release(&scratch);
    return timeline;
}

void timeline_free(struct timeline *timeline) {
    if (timeline) {
        struct replay_memory memory = timeline->memory; /* which holds the struct itself */
        replay_memory_release(&memory);
    }
}
