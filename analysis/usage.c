/* SPDX-License-Identifier: MIT */
/* What each pool and site of a trace was used for. */
#include "analysis/usage.h"

#include "analysis/levels.h"

enum { SECOND_NS = 1000000000 };

/* One class while the events go by. */
struct course {
    uint64_t since_ns; /* when the level last changed */
    uint64_t begin_ns, end_ns;
    bool has_begun, has_ended;
    uint64_t second;                /* the whole second that `lowest` is of, */
    uint64_t lowest, lowest_before; /* and the second before */
    double byte_ns;
    uint64_t *time_at; /* by level: nanoseconds, */
    uint64_t *gets_at; /* gets */
};

struct object {
    uint64_t got_ns;
    uint32_t bytes;
    uint16_t thread;
    bool is_live;
};

struct walk {
    struct usage *usage;
    struct replay_memory scratch;
    struct course *courses;
    struct object *objects;
    uint64_t now_ns;
};

unsigned usage_size_place(uint32_t bytes) {
    unsigned place = 0;
    while (place + 1 < USAGE_SIZES && bytes > usage_size_bound(place)) {
        place++;
    }
    return place;
}

uint64_t usage_size_bound(unsigned place) {
    return place == 0 ? 0 : (uint64_t)1 << (place - 1);
}

/* The level is about to change, or time to end. */
static void pass_time(struct walk *walk, uint32_t class) {
    struct course *course = &walk->courses[class];
    const struct class_usage *usage = &walk->usage->classes[class];
    if (course->has_ended) {
        return; /* what is put later does not make its time longer */
    }
    uint64_t ns = walk->now_ns - course->since_ns;
    course->time_at[usage->live] += ns;
    course->byte_ns += (double)usage->live_bytes * (double)ns;
    course->since_ns = walk->now_ns;
}

static void begin(struct walk *walk, uint32_t class) {
    struct course *course = &walk->courses[class];
    if (!course->has_begun) {
        course->has_begun = true;
        course->begin_ns = course->since_ns = walk->now_ns;
        course->second = walk->now_ns / SECOND_NS;
    }
}

/* Which levels count for a burst, before the present one changes. */
static void note_lowest(struct course *course, uint64_t live, uint64_t second) {
    if (second != course->second) {
        course->lowest_before = second == course->second + 1 ? course->lowest : live;
        course->lowest = live;
        course->second = second;
    }
    course->lowest = live < course->lowest ? live : course->lowest;
}

static void note_peaks(struct walk *walk, uint32_t class) {
    struct class_usage *usage = &walk->usage->classes[class];
    const struct course *course = &walk->courses[class];
    if (usage->live > usage->peak) {
        usage->peak = usage->live;
        usage->peak_ns = walk->now_ns;
    }
    if (usage->live_bytes > usage->peak_bytes) {
        usage->peak_bytes = usage->live_bytes;
    }
    uint64_t lowest =
        course->lowest < course->lowest_before ? course->lowest : course->lowest_before;
    if (usage->live - lowest > usage->burst) {
        usage->burst = usage->live - lowest;
    }
}

static void take(struct walk *walk, uint32_t event, uint32_t class, struct object *object,
                 uint32_t bytes) {
    struct class_usage *usage = &walk->usage->classes[class];
    note_lowest(&walk->courses[class], usage->live, walk->now_ns / SECOND_NS);
    *object = (struct object){walk->now_ns, bytes,
                              (uint16_t)trace_thread(walk->usage->trace, event), true};
    usage->gets++;
    usage->live++;
    usage->live_bytes += bytes;
    usage->got_bytes += bytes;
    usage->sizes[usage_size_place(bytes)]++;
    walk->courses[class].gets_at[usage->live]++;
    note_peaks(walk, class);
}

static void give(struct walk *walk, uint32_t event, uint32_t class, struct object *object) {
    struct class_usage *usage = &walk->usage->classes[class];
    note_lowest(&walk->courses[class], usage->live, walk->now_ns / SECOND_NS);
    bool is_crossed = trace_thread(walk->usage->trace, event) != object->thread;
    usage->puts++;
    usage->crossed += is_crossed;
    walk->usage->puts++;
    walk->usage->crossed += is_crossed;
    usage->lifetimes[duration_place(walk->now_ns - object->got_ns)]++;
    usage->live--;
    usage->live_bytes -= object->bytes;
    object->is_live = false;
    note_lowest(&walk->courses[class], usage->live, walk->now_ns / SECOND_NS);
}

static void change(struct walk *walk, uint32_t class, struct object *object, uint32_t bytes) {
    struct class_usage *usage = &walk->usage->classes[class];
    usage->reallocs++;
    usage->sizes[usage_size_place(bytes)]++;
    usage->live_bytes += (uint64_t)bytes - object->bytes;
    object->bytes = bytes;
    note_peaks(walk, class);
}

/* An event that is replayed. */
static void use(struct walk *walk, uint32_t event, uint8_t operation) {
    const struct trace *trace = walk->usage->trace;
    uint32_t class = trace_class(trace, event);
    struct class_usage *usage = &walk->usage->classes[class];
    struct object *object =
        &walk->objects[trace->classes[class].first_object + trace_slot(trace, event)];
    begin(walk, class);
    pass_time(walk, class);
    usage->first_ns = usage->gets == 0 ? walk->now_ns : usage->first_ns;
    usage->last_ns = walk->now_ns;
    walk->usage->thread_events[trace_thread(trace, event)]++;
    if (operation == TRACE_PUT || operation == TRACE_FREE) {
        give(walk, event, class, object);
    } else if (operation == TRACE_REALLOC) {
        change(walk, class, object, trace_bytes(trace, event));
    } else {
        take(walk, event, class, object,
             trace_has_bytes(operation) ? trace_bytes(trace, event)
                                        : trace->classes[class].object_bytes);
    }
}

static void end_pool(struct walk *walk, uint32_t class) {
    struct course *course = &walk->courses[class];
    pass_time(walk, class);
    course->has_ended = true;
    course->end_ns = walk->now_ns;
}

static void step(struct walk *walk, uint32_t event) {
    const struct trace *trace = walk->usage->trace;
    uint8_t operation = trace_operation(trace, event);
    walk->now_ns += (uint64_t)trace_wide(&trace->delta_ticks, event) * trace->tick_ns;
    if (operation == TRACE_POOL_NEW) {
        begin(walk, trace_class(trace, event));
    } else if (operation == TRACE_POOL_DESTROY) {
        end_pool(walk, trace_class(trace, event));
    } else if (trace_is_replayed(operation)) {
        use(walk, event, operation);
    }
}

static void note_oldest(struct walk *walk, uint32_t class) {
    const struct trace_class *from = &walk->usage->trace->classes[class];
    for (uint32_t slot = 0; slot < from->slots; slot++) {
        const struct object *object = &walk->objects[from->first_object + slot];
        uint64_t age = object->is_live ? walk->now_ns - object->got_ns : 0;
        struct class_usage *usage = &walk->usage->classes[class];
        usage->oldest_ns = age > usage->oldest_ns ? age : usage->oldest_ns;
    }
}

static void finish(struct walk *walk, uint32_t class) {
    struct course *course = &walk->courses[class];
    struct class_usage *usage = &walk->usage->classes[class];
    size_t n = (size_t)walk->usage->trace->classes[class].slots + 1;
    if (!course->has_begun) {
        return;
    }
    if (!course->has_ended) {
        end_pool(walk, class);
    }
    uint64_t ns = course->end_ns - course->begin_ns;
    uint32_t of_time = levels_percentile(course->time_at, n, USAGE_COVERED);
    uint32_t of_gets = levels_percentile(course->gets_at, n, USAGE_COVERED);
    usage->median = levels_percentile(course->time_at, n, 500);
    usage->steady = of_time > of_gets ? of_time : of_gets;
    usage->mean_bytes = ns > 0 ? course->byte_ns / (double)ns : 0;
    note_oldest(walk, class);
}

static bool prepare(struct walk *walk) {
    const struct trace *trace = walk->usage->trace;
    size_t n_levels = (size_t)trace->n_objects + trace->n_classes;
    walk->courses = replay_memory_take(&walk->scratch, trace->n_classes, sizeof(walk->courses[0]));
    walk->objects = replay_memory_take(&walk->scratch, trace->n_objects, sizeof(walk->objects[0]));
    uint64_t *levels = replay_memory_take(&walk->scratch, 2 * n_levels, sizeof(levels[0]));
    if (!walk->courses || !walk->objects || !levels) {
        return false;
    }
    for (uint32_t class = 0; class < trace->n_classes; class ++) {
        size_t first = (size_t)trace->classes[class].first_object + class;
        walk->courses[class].time_at = levels + first;
        walk->courses[class].gets_at = levels + n_levels + first;
    }
    return true;
}

static struct usage *create(const struct trace *trace) {
    struct replay_memory memory = {0};
    struct usage *usage = replay_memory_take(&memory, 1, sizeof(*usage));
    if (!usage) {
        return NULL;
    }
    usage->memory = memory;
    usage->trace = trace;
    usage->classes =
        replay_memory_take(&usage->memory, trace->n_classes, sizeof(usage->classes[0]));
    usage->thread_events = replay_memory_take(&usage->memory, trace->n_threads, sizeof(uint64_t));
    if (!usage->classes || !usage->thread_events) {
        usage_free(usage);
        return NULL;
    }
    return usage;
}

struct usage *usage_of_trace(const struct trace *trace) {
    struct walk walk = {.usage = create(trace)};
    if (!walk.usage) {
        return NULL;
    }
    if (!prepare(&walk)) {
        usage_free(walk.usage);
        replay_memory_release(&walk.scratch);
        return NULL;
    }
    for (uint32_t event = 0; event < trace->n_events; event++) {
        step(&walk, event);
    }
    for (uint32_t class = 0; class < trace->n_classes; class ++) {
        finish(&walk, class);
    }
    walk.usage->duration_ns = walk.now_ns;
    replay_memory_release(&walk.scratch);
    return walk.usage;
}

void usage_free(struct usage *usage) {
    if (usage) {
        struct replay_memory memory = usage->memory; /* which holds the struct itself */
        replay_memory_release(&memory);
    }
}
