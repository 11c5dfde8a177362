/* SPDX-License-Identifier: MIT */
/* Free memory goes back to the system: all at once by mempool_trim, and bit by bit by itself while
 * the pools are used lightly, a little in each call.
 *
 * usage: idle_trim at-once|by-itself */
#include "check.h"
#include "pools.h"
#include "resident.h"
#include "scale.h"
#include "threads.h"

#include <mempool/misuse.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { OBJECT_BYTES = 1000, N_OBJECTS = 32000, SECONDS_MAX = 50, LIGHT_BURST = 20 };

/* No burst of 40 calls may give back more than this share of all slabs. (What a call may do is
 * bounded in time; but where other processes run too, measured times make a poor test.) */
enum { BURST_SHARE = 10 };

static void *objects[N_OBJECTS];
static size_t n_objects; /* of a peak: fewer where a tool slows everything down */

static void get_and_touch(struct mempool *pool, size_t n) {
    CHECK_EQUAL(mempool_get_bulk(pool, objects, n), n);
    for (size_t i = 0; i < n; i++) {
        memset(objects[i], 0x11, OBJECT_BYTES);
    }
}

/* A peak of use, after which everything is free. */
static void make_peak(struct mempool *pool) {
    size_t before = resident_bytes();
    get_and_touch(pool, n_objects);
    CHECK(resident_bytes() >= before + n_objects * OBJECT_BYTES / 10 * 9);
    for (size_t i = 0; i < n_objects; i++) {
        mempool_put(objects[i]);
    }
}

static void run_at_once(void) {
    struct mempool *pool = pool_of(OBJECT_BYTES);
    mempool_put(mempool_get(pool));
    size_t before = resident_bytes();
    for (int round = 0; round < 3; round++) {
        make_peak(pool);
        size_t peak = resident_bytes();
        size_t returned_bytes = mempool_trim(round == 1 ? NULL : pool);
        size_t after = resident_bytes();
        printf("resident: %zu before, %zu at the peak, %zu after; %zu returned\n", before, peak,
               after, returned_bytes);
        CHECK(returned_bytes >= n_objects * OBJECT_BYTES);
        CHECK_EQUAL(pool_stats(pool).slabs, 0);
        if (test_runtime_is_plain()) { /* a little may stay for bookkeeping */
            CHECK(after <= before + (peak - before) / 16);
        }
    }
    CHECK_EQUAL(mempool_destroy(pool), 0);
}

/* A little use of the pool. */
static void use_lightly(struct mempool *pool) {
    void *few[LIGHT_BURST];
    for (int i = 0; i < LIGHT_BURST; i++) {
        few[i] = mempool_get(pool);
        CHECK(few[i] != NULL);
    }
    for (int i = 0; i < LIGHT_BURST; i++) {
        mempool_put(few[i]);
    }
}

/* Resident bytes; 0 under a tool, which has memory of its own. (The system may take its time to see
 * that parts of huge pages are free.) */
static size_t plain_resident_bytes(void) {
    return test_runtime_is_plain() ? resident_bytes() : 0;
}

static void run_by_itself(void) {
    struct mempool *pool = pool_of(OBJECT_BYTES);
    mempool_put(mempool_get(pool));
    make_peak(pool);
    size_t peak = resident_bytes(), now = plain_resident_bytes();
    uint64_t slabs_at_peak = pool_stats(pool).slabs, slabs = slabs_at_peak;
    size_t then = peak - n_objects * OBJECT_BYTES / 10 * 7;
    int n_bursts = 0;
    for (; (slabs > slabs_at_peak / 4 || now > then) && n_bursts < SECONDS_MAX * 100; n_bursts++) {
        use_lightly(pool);
        uint64_t slabs_now = pool_stats(pool).slabs;
        CHECK(slabs_now + slabs_at_peak / BURST_SHARE >= slabs);
        slabs = slabs_now;
        sleep_ms(10);
        now = plain_resident_bytes();
    }
    printf("after %d bursts: slabs %llu at the peak, %llu now; resident %zu, %zu\n", n_bursts,
           (unsigned long long)slabs_at_peak, (unsigned long long)slabs, peak, now);
    CHECK(slabs <= slabs_at_peak / 4);
    CHECK(now <= then);
    CHECK_EQUAL(mempool_destroy(pool), 0);
}

int main(int argc, char **argv) {
    CHECK(argc == 2);
    n_objects = test_runtime_is_plain() ? N_OBJECTS : N_OBJECTS / 4;
    memset(objects, 1, sizeof objects); /* resident before anything is measured */
    if (strcmp(argv[1], "at-once") == 0) {
        run_at_once();
    } else {
        CHECK(strcmp(argv[1], "by-itself") == 0);
        run_by_itself();
    }
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 0);
    return 0;
}
