/* SPDX-License-Identifier: MIT */
/* Which threads put what others got. */
#include "analysis/flow.h"

/* The busiest threads, by insertion: few places, many threads. */
static void choose_threads(struct flow *flow, const struct usage *usage) {
    for (uint32_t thread = 0; thread < usage->trace->n_threads; thread++) {
        uint64_t events = usage->thread_events[thread];
        if (events == 0) {
            continue;
        }
        uint32_t at = flow->n;
        while (at > 0 && usage->thread_events[flow->threads[at - 1]] < events) {
            at--;
        }
        flow->has_rest |= flow->n == FLOW_THREADS;
        if (at == FLOW_THREADS) {
            continue;
        }
        flow->n += flow->n < FLOW_THREADS;
        for (uint32_t i = flow->n - 1; i > at; i--) {
            flow->threads[i] = flow->threads[i - 1];
        }
        flow->threads[at] = thread;
    }
}

static void count_moves(struct flow *flow, const struct trace *trace, const uint8_t *place_of,
                        uint8_t *getter) {
    for (uint32_t event = 0; event < trace->n_events; event++) {
        uint8_t operation = trace_operation(trace, event);
        if (!trace_is_replayed(operation) || operation == TRACE_REALLOC) {
            continue;
        }
        uint32_t class = trace_class(trace, event);
        uint8_t *got = &getter[trace->classes[class].first_object + trace_slot(trace, event)];
        uint8_t place = place_of[trace_thread(trace, event)];
        if (operation == TRACE_PUT || operation == TRACE_FREE) {
            flow->moved[*got][place]++;
        } else {
            *got = place;
        }
    }
}

struct flow *flow_of_trace(const struct usage *usage) {
    const struct trace *trace = usage->trace;
    struct replay_memory memory = {0}, scratch = {0};
    struct flow *flow = replay_memory_take(&memory, 1, sizeof(*flow));
    uint8_t *place_of = replay_memory_take(&scratch, trace->n_threads, 1);
    uint8_t *getter = replay_memory_take(&scratch, trace->n_objects, 1);
    if (!flow || !place_of || !getter) {
        replay_memory_release(&memory);
        replay_memory_release(&scratch);
        return NULL;
    }
    flow->memory = memory;
    choose_threads(flow, usage);
    for (uint32_t thread = 0; thread < trace->n_threads; thread++) {
        place_of[thread] = FLOW_THREADS;
    }
    for (uint32_t place = 0; place < flow->n; place++) {
        place_of[flow->threads[place]] = (uint8_t)place;
    }
    count_moves(flow, trace, place_of, getter);
    flow->n += flow->has_rest;
    replay_memory_release(&scratch);
    return flow;
}

void flow_free(struct flow *flow) {
    if (flow) {
        struct replay_memory memory = flow->memory; /* which holds the struct itself */
        replay_memory_release(&memory);
    }
}
