/* SPDX-License-Identifier: MIT */
/* Sweeps (pool/reclaim.h): a process that becomes larger than it ever was uses first what is free
 * in it. */
#include "unit.h"

#include "cache/thread.h"
#include "pool/pool.h"
#include "pool/reclaim.h"
#include "vm/arena.h"
#include "vm/space.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PAGE_BYTES = 4096,
    OBJECTS_BYTES = 12 << 20,
    SMALL_BYTES = 512,
    SMALL = OBJECTS_BYTES / SMALL_BYTES,
    LARGE_BYTES = 8 << 10,
    LARGE = OBJECTS_BYTES / LARGE_BYTES,
};

static unsigned char *small[SMALL], *large[LARGE];

static struct mempool *create(size_t object_bytes, void (*destruct)(void *object, void *arg)) {
    struct mempool_options options = {.struct_size = sizeof options,
                                      .object_bytes = object_bytes,
                                      .destruct = destruct};
    struct mempool *pool = mempool_create(&options);
    CHECK(pool != NULL);
    return pool;
}

static void fill(struct mempool *pool, unsigned char **objects, size_t n, size_t bytes) {
    for (size_t i = 0; i < n; i++) {
        objects[i] = mempool_get(pool);
        CHECK(objects[i] != NULL);
        memset(objects[i], (int)(i % 251), bytes);
    }
}

static void check_filled(const unsigned char *object, size_t i, size_t bytes) {
    for (size_t at = 0; at < bytes; at++) {
        CHECK(object[at] == i % 251);
    }
}

/* Put all but one in `kept_of`, which keep what was written to them. */
static void put_most(unsigned char **objects, size_t n, size_t kept_of) {
    for (size_t i = 0; i < n; i++) {
        if (i % kept_of != 0) {
            mempool_put(objects[i]);
        }
    }
}

static void put_rest(unsigned char **objects, size_t n, size_t kept_of, size_t bytes) {
    for (size_t i = 0; i < n; i += kept_of) {
        check_filled(objects[i], i, bytes);
        mempool_put(objects[i]);
    }
}

static size_t arena_pages(void) {
    size_t bytes = load_relaxed(&space.arena_used);
    return sys_resident_bytes((void *)space.arena_start, bytes) / PAGE_BYTES; /* NOLINT */
}

/* Objects come and go, and then others of another size: all in the same memory. */
static void check_empty_slabs_serve_others(void) {
    struct mempool *first = create(SMALL_BYTES, NULL);
    struct mempool *second = create(LARGE_BYTES, NULL);
    uint32_t sweep = load_relaxed(&reclaim_sweep);
    fill(first, small, SMALL, SMALL_BYTES);
    CHECK(load_relaxed(&reclaim_sweep) != sweep); /* there was growth, if nothing to find */
    size_t pages = arena_pages();
    CHECK(pages >= OBJECTS_BYTES / PAGE_BYTES);
    put_most(small, SMALL, SMALL + 1); /* but small[0] */
    fill(second, large, LARGE, LARGE_BYTES);
    CHECK(arena_pages() < pages + pages / 8);
    check_filled(small[0], 0, SMALL_BYTES);
    mempool_put(small[0]);
    put_most(large, LARGE, LARGE + 1);
    mempool_put(large[0]);
    CHECK(mempool_destroy(first) == 0 && mempool_destroy(second) == 0);
}

/* One object of each slab stays: no slab is empty, but nearly all pages are. */
static void check_pages_of_slabs_in_use_serve_others(void) {
    enum { KEPT_OF = CHUNK_BYTES / SMALL_BYTES };
    struct mempool *first = create(SMALL_BYTES, NULL);
    struct mempool *second = create(LARGE_BYTES, NULL);
    fill(first, small, SMALL, SMALL_BYTES);
    size_t pages = arena_pages();
    put_most(small, SMALL, KEPT_OF);
    fill(second, large, LARGE, LARGE_BYTES);
    CHECK(arena_pages() < pages + pages / 4);
    /* The slots whose pages went are as good as before. */
    for (size_t i = 0; i < SMALL; i++) {
        if (i % KEPT_OF != 0) {
            small[i] = mempool_get(first);
            memset(small[i], (int)(i % 251), SMALL_BYTES);
        }
    }
    put_rest(small, SMALL, 1, SMALL_BYTES);
    put_most(large, LARGE, LARGE + 1);
    mempool_put(large[0]);
    CHECK(mempool_destroy(first) == 0 && mempool_destroy(second) == 0);
}

/* What was got again after its page went is zero where that was asked for. */
static void check_punched_slots_are_zeroed(void) {
    struct mempool *first = create(SMALL_BYTES, NULL);
    struct mempool *second = create(LARGE_BYTES, NULL);
    fill(first, small, SMALL, SMALL_BYTES);
    put_most(small, SMALL, 2);
    fill(second, large, LARGE, LARGE_BYTES);
    for (size_t i = 1; i < SMALL; i += 2) {
        small[i] = mempool_get0(first);
        for (size_t at = 0; at < SMALL_BYTES; at++) {
            CHECK(small[i][at] == 0);
        }
        mempool_put(small[i]);
    }
    put_rest(small, SMALL, 2, SMALL_BYTES);
    put_most(large, LARGE, LARGE + 1);
    mempool_put(large[0]);
    CHECK(mempool_destroy(first) == 0 && mempool_destroy(second) == 0);
}

static size_t n_destructed;
static void count_destructed(void *object, void *arg) {
    (void)object;
    (void)arg;
    n_destructed++;
}

/* What was constructed is worth keeping: it waits for its seconds, as ever. */
static void check_constructed_slots_stay(void) {
    struct mempool *first = create(SMALL_BYTES, count_destructed);
    struct mempool *second = create(LARGE_BYTES, NULL);
    fill(first, small, SMALL, SMALL_BYTES);
    put_most(small, SMALL, SMALL + 1);
    n_destructed = 0;
    fill(second, large, LARGE, LARGE_BYTES);
    CHECK(n_destructed == 0);
    mempool_put(small[0]);
    put_most(large, LARGE, LARGE + 1);
    mempool_put(large[0]);
    CHECK(mempool_destroy(first) == 0 && mempool_destroy(second) == 0);
    CHECK(n_destructed == SMALL);
}

/* Who comes back to a size that it had begins no sweep. */
static void check_only_new_highs_count(void) {
    struct mempool *pool = create(SMALL_BYTES, NULL);
    fill(pool, small, SMALL, SMALL_BYTES);
    put_most(small, SMALL, SMALL + 1);
    mempool_put(small[0]);
    (void)mempool_trim(NULL);
    uint32_t sweep = load_relaxed(&reclaim_sweep);
    fill(pool, small, SMALL, SMALL_BYTES);
    CHECK(load_relaxed(&reclaim_sweep) == sweep);
    put_most(small, SMALL, SMALL + 1);
    mempool_put(small[0]);
    CHECK(mempool_destroy(pool) == 0);
}

/* New highs are the process's: each test has one of its own. */
static void alone(void (*test)(void)) {
    int status = 0;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        test();
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void empty_slabs_serve_others(void **state) {
    (void)state;
    alone(check_empty_slabs_serve_others);
}
static void pages_of_slabs_in_use_serve_others(void **state) {
    (void)state;
    alone(check_pages_of_slabs_in_use_serve_others);
}
static void punched_slots_are_zeroed(void **state) {
    (void)state;
    alone(check_punched_slots_are_zeroed);
}
static void constructed_slots_stay(void **state) {
    (void)state;
    alone(check_constructed_slots_stay);
}
static void only_new_highs_count(void **state) {
    (void)state;
    alone(check_only_new_highs_count);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_slabs_serve_others),
        cmocka_unit_test(pages_of_slabs_in_use_serve_others),
        cmocka_unit_test(punched_slots_are_zeroed),
        cmocka_unit_test(constructed_slots_stay),
        cmocka_unit_test(only_new_highs_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
