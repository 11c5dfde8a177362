/* SPDX-License-Identifier: MIT */
/* The ring between two threads: everything arrives, once, in order. */
#include "bench/ring.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define BATCHES 20000 /* many times round the ring */

static struct ring ring;

static void *fill(void *arg) {
    void *objects[RING_BATCH];
    uintptr_t number = 1;
    for (size_t i = 0; i < BATCHES; i++) {
        for (size_t j = 0; j < RING_BATCH; j++) {
            objects[j] = (void *)number++;
        }
        ring_fill(&ring, objects);
    }
    ring_close(&ring);
    return arg;
}

static void test_order(void **state) {
    (void)state;
    pthread_t thread;
    void *objects[RING_BATCH];
    uintptr_t wanted = 1;
    size_t wrong = 0;
    assert_int_equal(pthread_create(&thread, NULL, fill, NULL), 0);
    for (size_t n = ring_empty(&ring, objects); n > 0; n = ring_empty(&ring, objects)) {
        for (size_t i = 0; i < n; i++) {
            wrong += (uintptr_t)objects[i] != wanted++;
        }
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(wrong, 0);
    assert_int_equal(wanted - 1, BATCHES * RING_BATCH);
    /* Closed and empty it stays. */
    assert_int_equal(ring_empty(&ring, objects), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
