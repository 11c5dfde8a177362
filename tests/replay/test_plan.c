/* SPDX-License-Identifier: MIT */
/* Plans: who runs what, and who waits for whom. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "forge.h"
#include "replay/plan.h"

#define POOLS "pool 0 main:small 24 16 2\npool 1 main:tiny 1 0 1\npool 2 main:large 4000 8 1\n"
#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

static struct trace *load(const struct forge_event *events, size_t n) {
    struct trace *trace = NULL;
    struct trace_error error;
    struct forge_text text = forge_standard(2, POOLS, events, n);
    if (forge_load(text, &trace, &error) != 0) {
        fail_msg("refused: %s", error.text);
    }
    free(text.bytes);
    return trace;
}

/* Thread 0 has more events than thread 1, so that worker 0 gets it. Object numbers are 0 and 1 of
 * pool 0, 2 of pool 1, 3 of pool 2. */
static const struct forge_event events[] = {
    {TRACE_THREAD_START, 0, FORGE_NO_POOL, 0},
    {TRACE_THREAD_START, 1, FORGE_NO_POOL, 0},
    {TRACE_POOL_NEW, 0, 0, 0},
    {TRACE_POOL_NEW, 0, 1, 0},
    {TRACE_POOL_NEW, 0, 2, 0},
    {TRACE_GET, 0, 0, 0},  /* ticket 1 of object 0: published */
    {TRACE_GET, 0, 0, 1},  /* ticket 1 of object 1: put by its own thread */
    {TRACE_PUT, 1, 0, 0},  /* ticket 2: waits, and is published */
    {TRACE_GET0, 0, 0, 0}, /* ticket 3: waits for the put */
    {TRACE_GET, 1, 1, 0},  /* object 2, never put */
    {TRACE_PUT, 0, 0, 1},
    {TRACE_PUT, 0, 0, 0},
    {TRACE_GET, 0, 2, 0}, /* object 3, never put */
};

static void expect_event(const struct plan_event *event, uint32_t object, uint16_t class,
                         uint8_t operation, uint8_t touch_words) {
    assert_int_equal(event->object, object);
    assert_int_equal(event->class, class);
    assert_int_equal(event->operation, operation);
    assert_int_equal(event->touch_words, touch_words);
}

static void test_one_worker(void **state) {
    (void)state;
    struct trace *trace = load(events, N_OF(events));
    struct plan *plan = plan_create(trace, 1);
    assert_non_null(plan);
    const struct plan_worker *worker = &plan->workers[0];
    assert_int_equal(worker->n_events, 8);
    assert_int_equal(worker->n_tickets, 0);
    assert_null(worker->bytes); /* which is how the engine knows that there is no heap */
    assert_int_equal(plan->n_crossings, 0);
    expect_event(&worker->events[0], 0, 0, TRACE_GET, 3);
    expect_event(&worker->events[1], 1, 0, TRACE_GET, 3);
    expect_event(&worker->events[2], 0, 0, TRACE_PUT, 3);
    expect_event(&worker->events[3], 0, 0, TRACE_GET0, 3);
    expect_event(&worker->events[4], 2, 1, TRACE_GET, 0);
    expect_event(&worker->events[5], 1, 0, TRACE_PUT, 3);
    expect_event(&worker->events[6], 0, 0, TRACE_PUT, 3);
    expect_event(&worker->events[7], 3, 2, TRACE_GET, 8);
    assert_int_equal(plan->n_leftovers, 2);
    assert_int_equal(plan->leftovers[0].object, 2);
    assert_int_equal(plan->leftovers[0].class, 1);
    assert_int_equal(plan->leftovers[1].object, 3);
    assert_int_equal(plan->leftovers[1].class, 2);
    assert_int_equal(plan->object_bytes[2], 4000);
    plan_destroy(plan);
    trace_unload(trace);
}

static void test_two_workers(void **state) {
    (void)state;
    struct trace *trace = load(events, N_OF(events));
    struct plan *plan = plan_create(trace, 2);
    assert_non_null(plan);
    const struct plan_worker *first = &plan->workers[0];
    const struct plan_worker *second = &plan->workers[1];
    assert_int_equal(first->n_events, 6);
    assert_int_equal(second->n_events, 2);
    assert_int_equal(plan->n_crossings, 2);
    expect_event(&first->events[0], 0, 0, TRACE_GET | PLAN_PUBLISH, 3);
    expect_event(&first->events[1], 1, 0, TRACE_GET, 3);
    expect_event(&first->events[2], 0, 0, TRACE_GET0 | PLAN_WAIT, 3);
    expect_event(&first->events[3], 1, 0, TRACE_PUT, 3);
    expect_event(&first->events[4], 0, 0, TRACE_PUT, 3);
    expect_event(&first->events[5], 3, 2, TRACE_GET, 8);
    expect_event(&second->events[0], 0, 0, TRACE_PUT | PLAN_WAIT | PLAN_PUBLISH, 3);
    expect_event(&second->events[1], 2, 1, TRACE_GET, 0);
    assert_int_equal(first->n_tickets, 2);
    assert_int_equal(first->tickets[0], 1);
    assert_int_equal(first->tickets[1], 3);
    assert_int_equal(second->n_tickets, 1);
    assert_int_equal(second->tickets[0], 2);
    plan_destroy(plan);
    trace_unload(trace);
}

/* More workers than threads: some have nothing to do. */
static void test_idle_workers(void **state) {
    (void)state;
    struct trace *trace = load(events, N_OF(events));
    struct plan *plan = plan_create(trace, PLAN_WORKERS_MAX);
    assert_non_null(plan);
    size_t n = 0;
    for (unsigned i = 0; i < PLAN_WORKERS_MAX; i++) {
        n += plan->workers[i].n_events;
    }
    assert_int_equal(n, 8);
    plan_destroy(plan);
    trace_unload(trace);
}

/* Sizes lie in the order of the worker's events, and touches follow the block's size. */
static void test_heap(void **state) {
    (void)state;
    static const struct forge_event heap_events[] = {
        {TRACE_THREAD_START, 0, FORGE_NO_POOL, 0},
        {TRACE_THREAD_START, 1, FORGE_NO_POOL, 0},
        {TRACE_MALLOC, 0, 0, 0, 100},
        {TRACE_CALLOC, 1, 1, 0, 0},
        {TRACE_REALLOC, 0, 0, 0, 20},
        {TRACE_REALLOC, 1, 1, 0, 3},
        {TRACE_FREE, 1, 0, 0, 0},
        {TRACE_REALLOC, 0, 1, 0, 0},
        {TRACE_MALLOC, 0, 0, 0, 24},
    };
    struct trace *trace = NULL;
    struct trace_error error;
    struct forge_text text =
        forge_standard(2, "site 0 a:b 0 0 1\nsite 1 a:c 0 0 1\n", heap_events, N_OF(heap_events));
    assert_int_equal(forge_load(text, &trace, &error), 0);
    free(text.bytes);
    struct plan *plan = plan_create(trace, 2);
    assert_non_null(plan);
    enum { NOTHING = PLAN_TOUCH_NOTHING, BEFORE = 1 << PLAN_TOUCH_BEFORE_SHIFT };
    const struct plan_worker *first = &plan->workers[0];
    const struct plan_worker *second = &plan->workers[1];
    assert_int_equal(first->n_events, 4);
    expect_event(&first->events[0], 0, 0, TRACE_MALLOC, 8);
    expect_event(&first->events[1], 0, 0, TRACE_REALLOC | PLAN_PUBLISH, 8 * BEFORE + 2);
    expect_event(&first->events[2], 1, 1, TRACE_REALLOC | PLAN_WAIT, 0 * BEFORE + NOTHING);
    expect_event(&first->events[3], 0, 0, TRACE_MALLOC | PLAN_WAIT, 3);
    assert_int_equal(first->n_bytes, 4);
    static const uint32_t sizes[] = {100, 20, 0, 24};
    assert_memory_equal(first->bytes, sizes, sizeof(sizes));
    assert_int_equal(second->n_events, 3);
    expect_event(&second->events[0], 1, 1, TRACE_CALLOC, NOTHING);
    expect_event(&second->events[1], 1, 1, TRACE_REALLOC | PLAN_PUBLISH, NOTHING * BEFORE + 0);
    expect_event(&second->events[2], 0, 0, TRACE_FREE | PLAN_WAIT | PLAN_PUBLISH, 2);
    assert_int_equal(second->n_bytes, 2);
    assert_int_equal(second->bytes[1], 3);
    /* A block is left over by its malloc or by its realloc. */
    assert_int_equal(plan->n_leftovers, 2);
    assert_int_equal(plan->leftovers[1].class, 1);
    plan_destroy(plan);
    trace_unload(trace);
}

static void test_bad_numbers(void **state) {
    (void)state;
    struct trace *trace = load(events, N_OF(events));
    errno = 0;
    assert_null(plan_create(trace, 0));
    assert_int_equal(errno, EINVAL);
    errno = 0;
    assert_null(plan_create(trace, PLAN_WORKERS_MAX + 1));
    assert_int_equal(errno, EINVAL);
    plan_destroy(NULL);
    trace_unload(trace);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_worker),   cmocka_unit_test(test_two_workers),
        cmocka_unit_test(test_idle_workers), cmocka_unit_test(test_heap),
        cmocka_unit_test(test_bad_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
