/* SPDX-License-Identifier: MIT */
/* Slabs made and retired: memory all or none, purged piece by piece, and used again. */
#include "unit.h"

#include "faults.h"

#include "slab/slab.h"
#include "vm/blocks.h"

enum { POOL_PLACE_BYTES = 640, TOMBSTONE = 77 };

static struct shape shape;
static int owner;
static struct round rounds[4096];

static struct slab *make(struct span *span) {
    struct slab *slab = slab_create(&shape, &owner, 128, 0, span);
    assert_non_null(slab);
    assert_ptr_equal(load_relaxed(&slab->owner), &owner);
    assert_true(list_empty(&slab->link) && list_empty(&slab->sibling));
    return slab;
}

static char *start_of(const struct slab *slab) {
    return space_chunk_address(load_relaxed(&slab->first_chunk));
}

static void dirty(struct slab *slab) {
    uint32_t n = slab_carve(slab, &shape, rounds, shape.slots, false);
    memset(start_of(slab), 0xee, shape_slab_bytes(&shape));
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(slab_give(slab, &shape, rounds[i]), SLAB_GIVEN);
    }
}

static void check_gone(const struct slab *slab, const char *start) {
    assert_null(load_relaxed(&slab->owner));
    for (uint32_t i = 0; i < shape.chunks; i++) {
        const struct descriptor *descriptor =
            space_descriptor(space_offset(start + ((size_t)i << CHUNK_SHIFT)));
        assert_int_equal(load_relaxed(&descriptor->reciprocal), 0);
        assert_int_equal(load_relaxed(&descriptor->cache_offset), TOMBSTONE);
    }
}

static size_t purged_bytes;

static int count_purged(void *start, size_t bytes) {
    if (space_covers(space_offset(start))) {
        purged_bytes += bytes;
    }
    return faults.real.purge(start, bytes);
}

/* At most as much in one call as asked for, and done after the last. */
static void retired_piece_by_piece(void **state) {
    (void)state;
    enum { PIECE = 128 << 10 };
    shape_init(&shape, 60000, 16, SHAPE_PLAIN);
    struct slab *slab = make(NULL);
    char *start = start_of(slab);
    size_t whole = shape_slab_bytes(&shape);
    dirty(slab);
    faults_arm(0, 0, 0);
    sys_operations.purge = count_purged;
    size_t before = 0;
    unsigned n_calls = 1;
    for (purged_bytes = 0; !slab_retire(slab, &shape, PIECE, TOMBSTONE); n_calls++) {
        assert_int_equal(purged_bytes, before + PIECE);
        before = purged_bytes;
        assert_ptr_equal(load_relaxed(&slab->owner), &owner);
    }
    assert_int_equal(purged_bytes, whole);
    assert_int_equal(n_calls, (whole + PIECE - 1) / PIECE);
    check_gone(slab, start);
    for (size_t at = 0; at < whole; at++) {
        assert_int_equal(start[at], 0);
    }
    /* what was never carved has no pages to give */
    slab = make(NULL);
    purged_bytes = 0;
    assert_true(slab_retire(slab, &shape, PIECE, TOMBSTONE));
    assert_int_equal(purged_bytes, 0);
    sys_operations.purge = faulty_purge;
}

static void structs_and_chunks_are_used_again(void **state) {
    (void)state;
    shape_init(&shape, 64, 16, SHAPE_PLAIN);
    struct slab *slab = make(NULL), *second = make(NULL);
    char *start = start_of(slab);
    size_t slab_bytes = space.slabs.used_bytes, arena_bytes = load_relaxed(&space.arena_used);
    dirty(slab);
    assert_true(slab_retire(slab, &shape, SIZE_MAX, TOMBSTONE));
    check_gone(slab, start);
    struct slab *again = make(NULL);
    assert_ptr_equal(again, slab);
    assert_int_equal(again->fresh, 0);
    assert_int_equal(again->home, shape.slots);
    for (uint32_t slot = 0; slot < shape.records; slot++) {
        assert_int_equal(load_relaxed(&load_relaxed(&again->records)[slot]), 0);
    }
    assert_int_equal(space.slabs.used_bytes, slab_bytes);
    assert_int_equal(load_relaxed(&space.arena_used), arena_bytes);
    assert_true(slab_retire(again, &shape, SIZE_MAX, TOMBSTONE));
    assert_true(slab_retire(second, &shape, SIZE_MAX, TOMBSTONE));
}

/* A purge that fails leaves the pages resident; the slab goes all the same. */
static void a_failing_purge_is_no_obstacle(void **state) {
    (void)state;
    shape_init(&shape, 64, 16, SHAPE_PLAIN);
    struct slab *slab = make(NULL);
    char *start = start_of(slab);
    dirty(slab);
    faults_arm(FAULT_PURGE, 1, UINT64_MAX);
    assert_true(slab_retire(slab, &shape, SIZE_MAX, TOMBSTONE));
    check_gone(slab, start);
    struct span span = {0, 0};
    slab = make(&span);
    assert_true(span.left > 0);
    slab_drop_span(&span);
    assert_int_equal(span.left, 0);
    assert_int_equal(faults_disarm(), 2 + 1); /* objects, records; the span's rest */
    assert_true(slab_retire(slab, &shape, SIZE_MAX, TOMBSTONE));
}

static void *take_records(size_t bytes) {
    sys_lock_take(&space.lock);
    void *records = block_take_records_locked(bytes, false);
    sys_lock_drop(&space.lock);
    return records;
}

/* No memory for the struct, the records, or the chunks: nothing is kept. */
static void creation_is_all_or_nothing(void **state) {
    (void)state;
    static void *hoard[200000];
    size_t n_hoard = 0;
    shape_init(&shape, 16, 16, SHAPE_PLAIN);
    size_t record_bytes = shape.records * sizeof(record);
    struct slab *spare = make(NULL);
    /* records: none ready, none to be had */
    faults_arm(FAULT_COMMIT, 1, UINT64_MAX);
    while ((hoard[n_hoard] = take_records(record_bytes)) != NULL) {
        n_hoard++;
    }
    size_t slab_bytes = space.slabs.used_bytes, arena_bytes = load_relaxed(&space.arena_used);
    assert_null(slab_create(&shape, &owner, 128, 0, NULL));
    assert_true(slab_retire(spare, &shape, SIZE_MAX, TOMBSTONE));
    /* now there is one of each, and the chunks are what is wanting */
    spare = make(NULL);
    assert_true(slab_retire(spare, &shape, SIZE_MAX, TOMBSTONE));
    static uint32_t chunks[100000];
    size_t n_chunks = 0;
    while ((chunks[n_chunks] = arena_take(1)) != CHUNK_NONE) {
        n_chunks++;
    }
    assert_true(n_chunks > 0);
    assert_null(slab_create(&shape, &owner, 128, 0, NULL));
    assert_null(slab_create(&shape, &owner, 128, 0, NULL));
    arena_give(chunks[0], 1);
    spare = make(NULL);
    /* a second struct is not ready, and cannot be had */
    assert_null(slab_create(&shape, &owner, 128, 0, NULL));
    assert_true(faults_disarm() > 0);
    assert_true(slab_retire(spare, &shape, SIZE_MAX, TOMBSTONE));
    assert_true(space.slabs.used_bytes <= slab_bytes + SLAB_BYTES);
    assert_true(load_relaxed(&space.arena_used) >= arena_bytes);
    for (size_t i = 1; i < n_chunks; i++) {
        arena_give(chunks[i], 1);
    }
    for (size_t i = 0; i < n_hoard; i++) {
        sys_lock_take(&space.lock);
        block_give_records_locked(hoard[i], record_bytes);
        sys_lock_drop(&space.lock);
    }
    for (int i = 0; i < 3; i++) {
        (void)make(NULL);
    }
}

/* The next slab of a large pool lies behind the last, in one huge page. */
static void spans_hold_neighbours(void **state) {
    (void)state;
    struct span span = {0, 0};
    struct slab *slabs[HUGE_CHUNKS];
    shape_init(&shape, 64, 16, SHAPE_PLAIN);
    for (size_t i = 0; i < HUGE_CHUNKS; i++) {
        slabs[i] = make(&span);
        assert_ptr_equal(start_of(slabs[i]), start_of(slabs[0]) + i * CHUNK_BYTES);
        assert_int_equal(span.left, HUGE_CHUNKS - 1 - i);
    }
    assert_int_equal((uintptr_t)start_of(slabs[0]) % HUGE_BYTES, 0);
    slab_drop_span(&span);
    for (size_t i = 0; i < HUGE_CHUNKS; i++) {
        dirty(slabs[i]);
        assert_true(slab_retire(slabs[i], &shape, SIZE_MAX, TOMBSTONE));
    }
}

static int setup(void **state) {
    (void)state;
    return space_init(POOL_PLACE_BYTES, SLAB_BYTES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retired_piece_by_piece),
        cmocka_unit_test(structs_and_chunks_are_used_again),
        cmocka_unit_test(a_failing_purge_is_no_obstacle),
        cmocka_unit_test(creation_is_all_or_nothing),
        cmocka_unit_test(spans_hold_neighbours),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
