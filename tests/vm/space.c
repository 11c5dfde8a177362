/* SPDX-License-Identifier: MIT */
/* The reservation and its areas: refused, smaller than asked for, exhausted. */
#include "unit.h"

#include "child.h"
#include "faults.h"

#include "base/bits.h"
#include "vm/arena.h"
#include "vm/blocks.h"
#include "vm/space.h"

enum { POOL_PLACE_BYTES = 640, SLAB_PLACE_BYTES = 128, MIB = 1 << 20 };

static size_t reserve_bytes_max;
static int n_reserves;

static void *reserve_at_most(size_t bytes) {
    n_reserves++;
    return bytes <= reserve_bytes_max ? faults.real.reserve(bytes) : NULL;
}

static int init(void) {
    return space_init(POOL_PLACE_BYTES, SLAB_PLACE_BYTES);
}

static void check_area(const struct area *area, const char **at) {
    CHECK(area->start > *at);
    CHECK(((uintptr_t)area->start - area->skew) % sys_page_bytes() == 0);
    CHECK(area->skew < sys_page_bytes() && area->skew % MEMPOOL_CACHE_LINE == 0);
    CHECK(area->committed_bytes <= area->skew + area->bytes);
    CHECK(area->used_bytes == 0 || area->skew + area->used_bytes <= area->committed_bytes);
    *at = area->start + area->bytes;
}

/* Bookkeeping, then the arena; a guard between any two, all in the reservation. */
static void check_layout(void) {
    const char *at = space.reservation;
    const char *end = at + space.reservation_bytes;
    check_area(&space.pools, &at);
    check_area(&space.slabs, &at);
    check_area(&space.descriptor_area, &at);
    check_area(&space.runs, &at);
    check_area(&space.blocks, &at);
    CHECK(space.arena_start > (uintptr_t)at && space.arena_start % HUGE_BYTES == 0);
    CHECK((uintptr_t)space.blocks.start % HUGE_BYTES == 0);
    CHECK(space.arena_start + space.arena_bytes < (uintptr_t)end);
    CHECK((char *)space.descriptors == space.descriptor_area.start);
    CHECK(space.descriptor_area.bytes >=
          (space.arena_bytes >> CHUNK_SHIFT) * sizeof(struct descriptor));
    CHECK(space.runs.bytes >= (space.arena_bytes >> CHUNK_SHIFT) * sizeof(struct chunk_run));
    CHECK(space.slabs.bytes >= (space.arena_bytes >> CHUNK_SHIFT) * SLAB_PLACE_BYTES);
    CHECK(space.pools.bytes >= (size_t)POOLS_MAX * POOL_PLACE_BYTES);
}

static int refused_then_granted(void *unused) {
    (void)unused;
    faults_arm(FAULT_RESERVE, 1, UINT64_MAX);
    CHECK(init() == -ENOMEM);
    CHECK(!space.ready && space.reservation == NULL && load_relaxed(&space.arena_used) == 0);
    CHECK(init() == -ENOMEM);
    CHECK(!space_covers(space_offset(&space)));
    CHECK(faults_disarm() > 2);
    CHECK(init() == 0 && space.ready);
    check_layout();
    uintptr_t start = space.arena_start;
    faults_arm(FAULT_RESERVE, 1, UINT64_MAX);
    CHECK(init() == 0); /* once and for all */
    CHECK_EQUAL(faults_disarm(), 0);
    CHECK(space.arena_start == start);
    return 0;
}

static void a_refused_reservation_is_tried_again(void **state) {
    (void)state;
    assert_int_equal(child_status(refused_then_granted, NULL), 0);
}

/* A system that grants little: the arena is halved until it fits, and then runs full. */
static int small_and_full(void *unused) {
    (void)unused;
    faults_arm(0, 0, 0);
    reserve_bytes_max = (size_t)192 * MIB;
    sys_operations.reserve = reserve_at_most;
    CHECK(init() == 0);
    check_layout();
    CHECK(n_reserves > 1 && space.reservation_bytes <= reserve_bytes_max);
    CHECK(space.arena_bytes >= (size_t)32 * MIB);
    uint32_t all = (uint32_t)(space.arena_bytes >> CHUNK_SHIFT);
    CHECK(arena_take(all + 1) == CHUNK_NONE);
    for (uint32_t chunk = 0; chunk < all; chunk++) {
        CHECK(arena_take(1) == chunk);
        memset(space_chunk_address(chunk), 1, CHUNK_BYTES);
    }
    CHECK(arena_take(1) == CHUNK_NONE);
    struct span span = {0, 0};
    CHECK(arena_take_from_span(&span, 1) == CHUNK_NONE && span.left == 0);
    arena_give(all / 2, 2);
    CHECK(arena_take(3) == CHUNK_NONE);
    /* no span is to be had: single chunks are */
    CHECK(arena_take_from_span(&span, 2) == all / 2 && span.left == 0);
    return 0;
}

static void a_small_reservation_runs_full(void **state) {
    (void)state;
    assert_int_equal(child_status(small_and_full, NULL), 0);
}

static int far_too_small(void *unused) {
    (void)unused;
    reserve_bytes_max = (size_t)16 * MIB;
    faults_arm(0, 0, 0);
    sys_operations.reserve = reserve_at_most;
    CHECK(init() == -ENOMEM && !space.ready);
    reserve_bytes_max = SIZE_MAX;
    CHECK(init() == 0);
    return 0;
}

static void less_than_the_least_is_refused(void **state) {
    (void)state;
    assert_int_equal(child_status(far_too_small, NULL), 0);
}

/* Every commit fails in turn: nothing is handed out, nothing is lost. */
static int commits_fail(void *unused) {
    (void)unused;
    CHECK(init() == 0);
    /* of the descriptors; of the runs, after those; of the arena, after these */
    static const uint64_t failing[] = {1, 2, 2};
    for (size_t i = 0; i < sizeof failing / sizeof failing[0]; i++) {
        faults_arm(FAULT_COMMIT, failing[i], UINT64_MAX);
        CHECK(arena_take(1) == CHUNK_NONE);
        CHECK(load_relaxed(&space.arena_used) == 0 && space.arena_committed == 0);
        CHECK_EQUAL(faults_disarm(), 1);
    }
    faults_arm(FAULT_COMMIT, 1, UINT64_MAX);
    CHECK(area_extend(&space.slabs, 128) == NULL && block_take(64) == NULL);
    CHECK(area_commit(&space.slabs, 1) == -ENOMEM);
    CHECK(space.slabs.used_bytes == 0 && space.slabs.committed_bytes == 0);
    CHECK_EQUAL(faults_disarm(), 3);
    CHECK(arena_take(1) == 0 && area_extend(&space.slabs, 128) == space.slabs.start);
    char *second = area_extend(&space.slabs, 64);
    CHECK(second == space.slabs.start + 128 && second[0] == 0);
    /* committed in steps: what lies ready needs no further call */
    faults_arm(FAULT_COMMIT, 1, UINT64_MAX);
    CHECK(arena_take(1) == 1 && area_commit(&space.slabs, 1) == 0);
    CHECK_EQUAL(faults_disarm(), 0);
    return 0;
}

static void failing_commits_lose_nothing(void **state) {
    (void)state;
    assert_int_equal(child_status(commits_fail, NULL), 0);
}

/* An area ends where it ends, whatever is asked for. */
static int area_ends(void *unused) {
    (void)unused;
    CHECK(init() == 0);
    struct area *area = &space.pools;
    CHECK(area_extend(area, area->bytes + 1) == NULL && area_extend(area, SIZE_MAX) == NULL);
    CHECK(area_commit(area, area->bytes + 1) == -ENOMEM);
    CHECK(area_extend(area, area->bytes - 64) == area->start);
    CHECK(area_extend(area, 65) == NULL);
    char *last = area_extend(area, 64);
    CHECK(last == area->start + area->bytes - 64);
    memset(last, 1, 64);
    CHECK(area_extend(area, 1) == NULL && area->committed_bytes == area->skew + area->bytes);
    return 0;
}

static void an_area_ends_where_it_ends(void **state) {
    (void)state;
    assert_int_equal(child_status(area_ends, NULL), 0);
}

/* Behind the end of an area lies a guard. */
static int writes_behind(void *unused) {
    (void)unused;
    CHECK(init() == 0);
    CHECK(area_commit(&space.pools, space.pools.bytes) == 0);
    signal(SIGSEGV, SIG_DFL); /* a sanitizer would turn it into a report */
    ((volatile char *)space.pools.start)[space.pools.bytes] = 1;
    return 0;
}

static int writes_before_the_arena(void *unused) {
    (void)unused;
    CHECK(init() == 0 && arena_take(1) == 0);
    signal(SIGSEGV, SIG_DFL);
    ((volatile char *)space_chunk_address(0))[-1] = 1;
    return 0;
}

static void guards_fence_books_and_arena(void **state) {
    (void)state;
    assert_int_equal(child_status(writes_behind, NULL), 128 + SIGSEGV);
    assert_int_equal(child_status(writes_before_the_arena, NULL), 128 + SIGSEGV);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_reservation_is_tried_again),
        cmocka_unit_test(a_small_reservation_runs_full),
        cmocka_unit_test(less_than_the_least_is_refused),
        cmocka_unit_test(failing_commits_lose_nothing),
        cmocka_unit_test(an_area_ends_where_it_ends),
        cmocka_unit_test(guards_fence_books_and_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
