/* SPDX-License-Identifier: MIT */
/* Every size from 1 byte to 16 MiB around the powers of two, with every alignment. */
#include "check.h"
#include "pattern.h"
#include "pools.h"
#include "scale.h"
#include "threads.h"

#include <mempool/misuse.h>

enum { N_OBJECTS = 6, BULK_BYTES = 4 << 20, BULK_MAX = 3000 };

/* A few objects: aligned, apart, and writable from the first byte to the last. */
static void check_shape(size_t object_bytes, size_t align) {
    struct mempool *pool =
        pool_of_options(&POOL_OPTIONS(.object_bytes = object_bytes, .align = align));
    size_t least_align = align > _Alignof(max_align_t) ? align : _Alignof(max_align_t);
    char *objects[N_OBJECTS];
    for (size_t i = 0; i < N_OBJECTS; i++) {
        objects[i] = i % 2 == 0 ? mempool_get(pool) : mempool_get0(pool);
        CHECK(objects[i] != NULL);
        CHECK_EQUAL((uintptr_t)objects[i] % least_align, 0);
        CHECK(i % 2 == 0 || (objects[i][0] == 0 && objects[i][object_bytes - 1] == 0));
        pattern_fill(objects[i], object_bytes, i);
    }
    for (size_t i = 0; i < N_OBJECTS; i++) {
        CHECK(mempool_of(objects[i]) == pool);
        CHECK(mempool_of(objects[i] + object_bytes - 1) == (object_bytes == 1 ? pool : NULL));
        CHECK(address_description(objects[i] + object_bytes - 1).object == objects[i]);
        CHECK(pattern_intact(objects[i], object_bytes, i));
        mempool_put(objects[i]);
    }
    CHECK_EQUAL(mempool_destroy(pool), 0);
}

/* So many objects that several slabs are full: the last slot of each is used too. */
static void check_full_slabs(size_t object_bytes) {
    static void *objects[BULK_MAX];
    struct mempool *pool = pool_of(object_bytes);
    size_t n = BULK_BYTES / object_bytes + 2;
    n = n < BULK_MAX ? n : BULK_MAX;
    CHECK_EQUAL(mempool_get_bulk(pool, objects, n), n);
    for (size_t i = 0; i < n; i++) {
        pattern_fill(objects[i], object_bytes, i);
    }
    for (size_t i = 0; i < n; i++) {
        CHECK(pattern_intact(objects[i], object_bytes, i));
        struct mempool_description description = address_description(objects[i]);
        CHECK(description.object == objects[i] && description.offset == 0);
    }
    mempool_put_bulk(objects, n);
    CHECK_EQUAL(mempool_destroy(pool), 0);
}

int main(void) {
    watchdog_set(test_runtime_is_plain() ? 110 : 600);
    for (unsigned shift = 0; shift <= 24; shift++) {
        for (int beside = -1; beside <= 1; beside++) {
            size_t object_bytes = ((size_t)1 << shift) + (size_t)beside;
            if (object_bytes == 0 || object_bytes > MEMPOOL_OBJECT_BYTES_MAX) {
                continue;
            }
            for (size_t align = 1; align <= MEMPOOL_ALIGN_MAX; align *= 2) {
                check_shape(object_bytes, align);
            }
            check_full_slabs(object_bytes);
        }
    }
    for (size_t object_bytes = 3; object_bytes < MEMPOOL_OBJECT_BYTES_MAX;
         object_bytes += object_bytes / 7 + 1) {
        check_full_slabs(object_bytes);
    }
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 0);
    return 0;
}
