/* SPDX-License-Identifier: MIT */
/* What a hit touches lies in different sets of the nearest cache, and begins at different places
 * in its pages: COLOURS in vm/space.h. */
#include "unit.h"

#include "account/tally.h"
#include "cache/thread.h"
#include "pool/pool.h"
#include "slab/slab.h"

enum { PAGE_BYTES = 4096, PLACES_MAX = 8 };

struct places {
    uintptr_t lines[PLACES_MAX]; /* within a page */
    int n;
};

static void add_place(struct places *places, const void *address) {
    CHECK(places->n < PLACES_MAX);
    places->lines[places->n++] = (uintptr_t)address % PAGE_BYTES / MEMPOOL_CACHE_LINE;
}

static void check_differ(const struct places *places) {
    for (int i = 0; i < places->n; i++) {
        for (int k = 0; k < i; k++) {
            CHECK(places->lines[i] != places->lines[k]);
        }
    }
}

/* Of the objects that nearly every program has first. */
static void check_pool(size_t object_bytes) {
    struct mempool_options options = {.struct_size = sizeof options, .object_bytes = object_bytes};
    struct mempool *pool = mempool_create(&options);
    void *object = mempool_get(pool);
    struct places places = {.n = 0};
    struct descriptor *descriptor;
    record *slot_record;
    CHECK(slot_find(object, &descriptor, &slot_record) == SLOT_FOUND);
    add_place(&places, object);
    add_place(&places, slot_record);
    add_place(&places, descriptor);
    add_place(&places, pool);
    add_place(&places, &thread_current->open);
    add_place(&places, thread_cache(thread_current, pool_cache_offset(pool)));
    check_differ(&places);
    mempool_put(object);
    (void)mempool_destroy(pool);
}

static void check_block(size_t bytes) {
    struct mempool_type *type = mempool_type("colour");
    void *block = mempool_malloc_typed(bytes, type);
    struct places places = {.n = 0};
    struct descriptor *descriptor;
    record *slot_record;
    CHECK(slot_find(block, &descriptor, &slot_record) == SLOT_FOUND);
    add_place(&places, block);
    add_place(&places, slot_record);
    add_place(&places, descriptor);
    add_place(&places, &thread_current->open);
    add_place(&places, thread_heap_cache(thread_current,
                                         (int32_t)load_relaxed(&descriptor->cache_offset)));
    add_place(&places, thread_tally(thread_current, account_known(
                                        load_relaxed(&thread_current->account_places), type)));
    check_differ(&places);
    mempool_free(block);
}

static void pools(void **state) {
    (void)state;
    check_pool(32);
    check_pool(64);
    check_pool(256);
    check_pool(1024);
}

static void heap(void **state) {
    (void)state;
    check_block(32);
    check_block(64);
    check_block(256);
    check_block(1024);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pools),
        cmocka_unit_test(heap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
