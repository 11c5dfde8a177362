/* SPDX-License-Identifier: MIT */
/* Sweeps (pool/reclaim.h): a process that becomes larger than it ever was uses first what is free
 * in it. */
#include "unit.h"

#include "child.h"
#include "one_processor.h"

#include "cache/thread.h"
#include "pool/pool.h"
#include "pool/reclaim.h"
#include "vm/arena.h"
#include "vm/space.h"

#include <string.h>

enum {
    PAGE_BYTES = 4096,
    OBJECTS_BYTES = 12 << 20,
    SMALL_BYTES = 512,
    SMALL = OBJECTS_BYTES / SMALL_BYTES,
    LARGE_BYTES = 8 << 10,
    LARGE = OBJECTS_BYTES / LARGE_BYTES,
};

static unsigned char *small[SMALL], *large[LARGE];

static struct mempool *create_with(size_t object_bytes, int (*construct)(void *object, void *arg),
                                   void (*destruct)(void *object, void *arg)) {
    struct mempool_options options = {.struct_size = sizeof options,
                                      .object_bytes = object_bytes,
                                      .construct = construct,
                                      .destruct = destruct};
    struct mempool *pool = mempool_create(&options);
    CHECK(pool != NULL);
    return pool;
}

static struct mempool *create(size_t object_bytes, void (*destruct)(void *object, void *arg)) {
    return create_with(object_bytes, NULL, destruct);
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
static void empty_slabs_serve_others(void) {
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
static void pages_of_slabs_in_use_serve_others(void) {
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
static void punched_slots_are_zeroed(void) {
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
static void constructed_slots_stay(void) {
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

enum { CONSTRUCTED = 0x5c };
static int construct_all(void *object, void *arg) {
    (void)arg;
    memset(object, CONSTRUCTED, SMALL_BYTES);
    return 0;
}

static void check_constructed(const unsigned char *object) {
    for (size_t at = 0; at < SMALL_BYTES; at++) {
        CHECK(object[at] == CONSTRUCTED);
    }
}

/* Also where nothing has to be destructed: no slot is constructed twice, so none may lose what its
 * constructor made of it. */
static void constructed_pages_stay(void) {
    struct mempool *first = create_with(SMALL_BYTES, construct_all, NULL);
    struct mempool *second = create(LARGE_BYTES, NULL);
    for (size_t i = 0; i < SMALL; i++) {
        small[i] = mempool_get(first);
        check_constructed(small[i]);
    }
    put_most(small, SMALL, CHUNK_BYTES / SMALL_BYTES);
    fill(second, large, LARGE, LARGE_BYTES);
    for (size_t i = 0; i < SMALL; i++) {
        if (i % (CHUNK_BYTES / SMALL_BYTES) != 0) {
            small[i] = mempool_get(first);
            check_constructed(small[i]);
        }
    }
    put_most(small, SMALL, SMALL + 1);
    mempool_put(small[0]);
    put_most(large, LARGE, LARGE + 1);
    mempool_put(large[0]);
    CHECK(mempool_destroy(first) == 0 && mempool_destroy(second) == 0);
}

/* The thread that grows gives back what its caches hold. */
static void caches_are_emptied(void) {
    struct mempool_stats stats = {.struct_size = sizeof stats};
    caches_stay();
    struct mempool *first = create(SMALL_BYTES, NULL);
    struct mempool *second = create(LARGE_BYTES, NULL);
    mempool_put(mempool_get(first));
    CHECK(mempool_stats(first, &stats) == 0 && stats.cached > 0 && stats.alloc_count == 1);
    fill(second, large, LARGE, LARGE_BYTES);
    CHECK(mempool_stats(first, &stats) == 0 && stats.cached == 0 && stats.alloc_count == 1);
    put_most(large, LARGE, LARGE + 1);
    mempool_put(large[0]);
    CHECK(mempool_destroy(first) == 0 && mempool_destroy(second) == 0);
}

/* Who comes back to a size that it had begins no sweep. */
static void only_new_highs_count(void) {
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
struct body {
    void (*run)(void);
};

static int run_body(void *body) {
    ((const struct body *)body)->run();
    return 0;
}

static void alone(void **state) {
    CHECK(child_status(run_body, *state) == 0);
}

#define ALONE(test) {#test, alone, NULL, NULL, &(struct body){test}}

int main(void) {
    const struct CMUnitTest tests[] = {
        ALONE(empty_slabs_serve_others),
        ALONE(pages_of_slabs_in_use_serve_others),
        ALONE(punched_slots_are_zeroed),
        ALONE(constructed_slots_stay),
        ALONE(constructed_pages_stay),
        ALONE(caches_are_emptied),
        ALONE(only_new_highs_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
