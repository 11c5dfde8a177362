/* SPDX-License-Identifier: MIT */
/* Divides a trace among workers. */
#include "replay/plan.h"

#include <errno.h>
#include <stdbool.h>

/* What making a plan needs and the plan does not. */
struct maker {
    struct plan *plan;
    const struct trace *trace;
    struct replay_memory memory;
    uint32_t *thread_events; /* those to be replayed of each thread */
    uint32_t *thread_order;  /* threads, busiest first */
    uint8_t *thread_worker;  /* the worker of each thread */
    /* of each object: its latest event so far */
    uint8_t *last_worker;
    struct plan_event **last_event; /* NULL: none */
    uint32_t *n_done;               /* how many events it had */
    uint32_t *block_bytes;          /* its size, where it is a block */
};

static int take_scratch(struct maker *maker) {
    const struct trace *trace = maker->trace;
    struct replay_memory *memory = &maker->memory;
    maker->thread_events = replay_memory_take(memory, trace->n_threads, sizeof(uint32_t));
    maker->thread_order = replay_memory_take(memory, trace->n_threads, sizeof(uint32_t));
    maker->thread_worker = replay_memory_take(memory, trace->n_threads, 1);
    maker->last_worker = replay_memory_take(memory, trace->n_objects, 1);
    maker->last_event = replay_memory_take(memory, trace->n_objects, sizeof(struct plan_event *));
    maker->n_done = replay_memory_take(memory, trace->n_objects, sizeof(uint32_t));
    maker->block_bytes = replay_memory_take(memory, trace->n_objects, sizeof(uint32_t));
    return maker->thread_events && maker->thread_order && maker->thread_worker &&
                   maker->last_worker && maker->last_event && maker->n_done && maker->block_bytes
               ? 0
               : -ENOMEM;
}

/* Busiest first, by Shell's sort: qsort may call malloc, and malloc is to be measured later. */
static void sort_threads(struct maker *maker) {
    uint32_t n = maker->trace->n_threads;
    uint32_t *order = maker->thread_order;
    const uint32_t *events = maker->thread_events;
    for (uint32_t gap = n / 2; gap > 0; gap /= 2) {
        for (uint32_t i = gap; i < n; i++) {
            uint32_t moved = order[i];
            uint32_t at = i;
            while (at >= gap && events[order[at - gap]] < events[moved]) {
                order[at] = order[at - gap];
                at -= gap;
            }
            order[at] = moved;
        }
    }
}

/* Deal the threads out, each to the worker that has least so far. */
static void assign_threads(struct maker *maker) {
    const struct trace *trace = maker->trace;
    struct plan *plan = maker->plan;
    for (uint32_t event = 0; event < trace->n_events; event++) {
        maker->thread_events[trace_thread(trace, event)] +=
            trace_is_replayed(trace_operation(trace, event));
    }
    for (uint32_t thread = 0; thread < trace->n_threads; thread++) {
        maker->thread_order[thread] = thread;
    }
    sort_threads(maker);
    for (uint32_t i = 0; i < trace->n_threads; i++) {
        uint32_t thread = maker->thread_order[i];
        unsigned least = 0;
        for (unsigned worker = 1; worker < plan->n_workers; worker++) {
            if (plan->workers[worker].n_events < plan->workers[least].n_events) {
                least = worker;
            }
        }
        maker->thread_worker[thread] = (uint8_t)least;
        plan->workers[least].n_events += maker->thread_events[thread];
    }
}

static uint8_t touch_words(uint32_t object_bytes) {
    uint32_t words = object_bytes / 8;
    return (uint8_t)(words < PLAN_TOUCH_WORDS_MAX ? words : PLAN_TOUCH_WORDS_MAX);
}

static uint8_t touch_block(uint32_t bytes) {
    return bytes ? touch_words(bytes) : PLAN_TOUCH_NOTHING;
}

/* What a heap event touches; its block's size goes into the worker's array. */
static uint8_t fill_block(struct maker *maker, struct plan_worker *worker, uint32_t number,
                          uint32_t object) {
    uint8_t operation = trace_operation(maker->trace, number);
    uint8_t before = touch_block(maker->block_bytes[object]);
    if (operation == TRACE_FREE) {
        return before;
    }
    uint32_t bytes = trace_bytes(maker->trace, number);
    maker->block_bytes[object] = bytes;
    worker->bytes[worker->n_bytes++] = bytes;
    unsigned touched = touch_block(bytes);
    if (operation == TRACE_REALLOC) {
        touched |= (unsigned)before << PLAN_TOUCH_BEFORE_SHIFT;
    }
    return (uint8_t)touched;
}

/* First walk: every worker's events, with their flags. */
static void fill_events(struct maker *maker) {
    const struct trace *trace = maker->trace;
    struct plan *plan = maker->plan;
    size_t n_filled[PLAN_WORKERS_MAX] = {0};
    for (uint32_t i = 0; i < trace->n_events; i++) {
        uint8_t operation = trace_operation(trace, i);
        if (!trace_is_replayed(operation)) {
            continue;
        }
        uint8_t worker = maker->thread_worker[trace_thread(trace, i)];
        uint32_t class = trace_class(trace, i);
        const struct trace_class *of = &trace->classes[class];
        uint32_t object = of->first_object + trace_slot(trace, i);
        struct plan_event *event = &plan->workers[worker].events[n_filled[worker]++];
        event->object = object;
        event->class = (uint16_t) class;
        event->operation = operation;
        event->touch_words = of->is_site ? fill_block(maker, &plan->workers[worker], i, object)
                                         : touch_words(of->object_bytes);
        struct plan_event *before = maker->last_event[object];
        if (before && maker->last_worker[object] != worker) {
            before->operation |= PLAN_PUBLISH;
            event->operation |= PLAN_WAIT;
            plan->n_crossings++;
        }
        maker->last_event[object] = event;
        maker->last_worker[object] = worker;
    }
}

/* Second walk, when it is known which events publish: the tickets. */
static void fill_tickets(struct maker *maker) {
    const struct trace *trace = maker->trace;
    struct plan *plan = maker->plan;
    size_t n_seen[PLAN_WORKERS_MAX] = {0};
    for (uint32_t i = 0; i < trace->n_events; i++) {
        if (!trace_is_replayed(trace_operation(trace, i))) {
            continue;
        }
        unsigned number = maker->thread_worker[trace_thread(trace, i)];
        struct plan_worker *worker = &plan->workers[number];
        const struct plan_event *event = &worker->events[n_seen[number]++];
        uint32_t ticket = ++maker->n_done[event->object];
        if (event->operation & (PLAN_WAIT | PLAN_PUBLISH)) {
            worker->tickets[worker->n_tickets++] = ticket;
        }
    }
}

static int take_events(struct plan *plan) {
    for (unsigned i = 0; i < plan->n_workers; i++) {
        struct plan_worker *worker = &plan->workers[i];
        worker->events =
            replay_memory_take(&plan->memory, worker->n_events, sizeof(struct plan_event));
        if (!worker->events) {
            return -ENOMEM;
        }
    }
    return 0;
}

static int take_tickets(struct plan *plan) {
    for (unsigned i = 0; i < plan->n_workers; i++) {
        struct plan_worker *worker = &plan->workers[i];
        size_t n = 0;
        for (size_t event = 0; event < worker->n_events; event++) {
            n += (worker->events[event].operation & (PLAN_WAIT | PLAN_PUBLISH)) != 0;
        }
        worker->tickets = replay_memory_take(&plan->memory, n, sizeof(uint32_t));
        if (!worker->tickets) {
            return -ENOMEM;
        }
    }
    return 0;
}

/* Room for the sizes, where there are sites: as many as the worker's events that have one. */
static int take_bytes(struct maker *maker) {
    const struct trace *trace = maker->trace;
    struct plan *plan = maker->plan;
    size_t n[PLAN_WORKERS_MAX] = {0};
    if (trace->n_sites == 0) {
        return 0;
    }
    for (uint32_t i = 0; i < trace->n_events; i++) {
        n[maker->thread_worker[trace_thread(trace, i)]] +=
            trace_has_bytes(trace_operation(trace, i));
    }
    for (unsigned i = 0; i < plan->n_workers; i++) {
        plan->workers[i].bytes = replay_memory_take(&plan->memory, n[i], sizeof(uint32_t));
        if (!plan->workers[i].bytes) {
            return -ENOMEM;
        }
    }
    return 0;
}

/* The objects whose last event did not give them back. */
static int fill_leftovers(struct maker *maker) {
    const struct trace *trace = maker->trace;
    struct plan *plan = maker->plan;
    plan->leftovers =
        replay_memory_take(&plan->memory, trace->live_at_end, sizeof(struct plan_leftover));
    if (!plan->leftovers) {
        return -ENOMEM;
    }
    for (uint32_t object = 0; object < trace->n_objects; object++) {
        const struct plan_event *last = maker->last_event[object];
        unsigned operation = last ? last->operation & PLAN_OPERATION_MASK : TRACE_PUT;
        if (operation != TRACE_PUT && operation != TRACE_FREE) {
            plan->leftovers[plan->n_leftovers].object = object;
            plan->leftovers[plan->n_leftovers].class = last->class;
            plan->n_leftovers++;
        }
    }
    return 0;
}

static int fill_sizes(struct plan *plan) {
    const struct trace *trace = plan->trace;
    plan->object_bytes = replay_memory_take(&plan->memory, trace->n_classes, sizeof(uint32_t));
    if (!plan->object_bytes) {
        return -ENOMEM;
    }
    for (uint32_t class = 0; class < trace->n_classes; class ++) {
        plan->object_bytes[class] = trace->classes[class].object_bytes;
    }
    return 0;
}

static int make_plan(struct maker *maker) {
    struct plan *plan = maker->plan;
    int result = take_scratch(maker);
    if (result == 0) {
        assign_threads(maker);
        result = take_events(plan);
    }
    if (result == 0) {
        result = take_bytes(maker);
    }
    if (result == 0) {
        fill_events(maker);
        result = take_tickets(plan);
    }
    if (result == 0) {
        fill_tickets(maker);
        result = fill_leftovers(maker);
    }
    return result == 0 ? fill_sizes(plan) : result;
}

struct plan *plan_create(const struct trace *trace, unsigned n_workers) {
    struct replay_memory memory = {0};
    if (n_workers == 0 || n_workers > PLAN_WORKERS_MAX) {
        errno = EINVAL;
        return NULL;
    }
    struct plan *plan = replay_memory_take(&memory, 1, sizeof(*plan));
    if (!plan) {
        return NULL;
    }
    plan->memory = memory;
    plan->trace = trace;
    plan->n_workers = n_workers;
    struct maker maker = {.plan = plan, .trace = trace};
    int result = make_plan(&maker);
    replay_memory_release(&maker.memory);
    if (result != 0) {
        plan_destroy(plan);
        errno = -result;
        return NULL;
    }
    return plan;
}

void plan_destroy(struct plan *plan) {
    if (plan) {
        struct replay_memory memory = plan->memory; /* which holds the plan itself */
        replay_memory_release(&memory);
    }
}
