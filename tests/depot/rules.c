/* SPDX-License-Identifier: MIT */
/* The depot's rules one by one: bounds, limits, empty magazines, empty slabs, tight and relaxed. */
#include "unit.h"

#include "depots.h"
#include "faults.h"

#include "base/bits.h"

static struct depot depot;
static struct round rounds[20000];

static struct magazine *full_magazine(void) {
    struct magazine *magazine = depot_empty_magazine(&depot);
    assert_non_null(magazine);
    uint32_t n = depot_carve(&depot, magazine->rounds, magazine->capacity, true);
    assert_int_equal(n, magazine->capacity);
    store_relaxed(&magazine->n, n);
    return magazine;
}

/* A thread's cache is two magazines: bounded in bytes, and by count for small objects. */
static void magazines_are_bounded_in_bytes(void **state) {
    (void)state;
    for (size_t bytes = 1; bytes <= 1 << 20; bytes += bytes < 9000 ? 7 : 511) {
        depot_begin(&depot, bytes, 0);
        size_t stride = depot.shape.stride, most = depot.rounds_max;
        if (stride >= 256 << 10) {
            assert_int_equal(most, 0);
        } else {
            assert_true(most >= 1 && most <= MAGAZINE_ROUNDS_MAX);
            assert_true(most * stride <= 32 << 10 || most * stride <= 2 * stride);
            assert_true(most == 2 || is_power_of_two(most + 1));
            assert_true(stride < 64 << 10 || most == 1);
        }
        assert_true(depot.target <= most && depot.target <= MAGAZINE_ROUNDS_FIRST);
        assert_true(depot.rounds_bound * stride <= 4 << 20 ||
                    depot.rounds_bound == 16 * most);
        store_relaxed(&depot.state, DEPOT_UNUSED);
    }
}

static void a_reserve_is_made_of_whole_slabs(void **state) {
    (void)state;
    depot_begin(&depot, 1000, 3);
    depot.count = 200;
    assert_int_equal(depot_reserve(&depot), 0);
    assert_int_equal(load_relaxed(&depot.n_slabs), 200 / depot.shape.slots + 1);
    assert_int_equal(load_relaxed(&depot.home), load_relaxed(&depot.slots));
    depot_check(&depot);
    depot_end(&depot);
}

static void magazines_travel_whole(void **state) {
    (void)state;
    depot_begin(&depot, 64, 1);
    assert_null(depot_take_magazine(&depot));
    struct magazine *first = full_magazine(), *second = full_magazine();
    assert_int_equal(depot_out(&depot), 2 * MAGAZINE_ROUNDS_FIRST);
    depot_give_magazine(&depot, first);
    depot_give_magazine(&depot, second);
    depot_check(&depot);
    assert_int_equal(depot_out(&depot), 0);
    assert_int_equal(load_relaxed(&depot.rounds), 2 * MAGAZINE_ROUNDS_FIRST);
    /* the newest is the warmest */
    assert_ptr_equal(depot_take_magazine(&depot), second);
    assert_ptr_equal(depot_take_magazine(&depot), first);
    assert_null(depot_take_magazine(&depot));
    assert_int_equal(depot.rounds_low, 0);
    depot_give_magazine(&depot, first);
    depot_give_magazine(&depot, second);
    depot_end(&depot);
}

/* What comes above the bound goes home; in a tight depot, where no cache may hide it, it stays. */
static void rounds_are_bounded(void **state) {
    (void)state;
    depot_begin(&depot, 12000, 1);
    size_t bound = depot.rounds_bound, n_magazines = bound / depot.target + 3;
    struct magazine *magazines[1000];
    assert_true(n_magazines < 1000);
    for (size_t i = 0; i < n_magazines; i++) {
        magazines[i] = full_magazine();
    }
    for (size_t i = 0; i < n_magazines; i++) {
        depot_give_magazine(&depot, magazines[i]);
        assert_true(load_relaxed(&depot.rounds) <= bound);
    }
    assert_true(load_relaxed(&depot.rounds) + depot.target > bound);
    assert_true(depot.n_spare > 0);
    assert_int_equal(depot_out(&depot), 0);
    depot_check(&depot);
    assert_int_equal(depot_send_home(&depot, SIZE_MAX), bound / depot.target * depot.target);
    depot.tight = true;
    for (size_t i = 0; i < n_magazines; i++) {
        magazines[i] = full_magazine();
    }
    for (size_t i = 0; i < n_magazines; i++) {
        depot_give_magazine(&depot, magazines[i]);
    }
    assert_int_equal(load_relaxed(&depot.rounds), n_magazines * depot.target);
    depot_end(&depot);
}

static void single_rounds_are_bounded(void **state) {
    (void)state;
    depot_begin(&depot, 100000, 1); /* magazines of one round */
    size_t n = depot.rounds_bound + 10;
    for (size_t i = 0; i < n; i++) {
        assert_true(depot_take(&depot, &rounds[i], true));
    }
    assert_int_equal(depot_out(&depot), n);
    for (size_t i = 0; i < n; i++) {
        depot_give(&depot, rounds[i]);
        assert_true(load_relaxed(&depot.rounds) <= depot.rounds_bound);
        depot_check(&depot);
    }
    assert_int_equal(depot_out(&depot), 0);
    depot_end(&depot);
}

static void the_slot_limit_is_exact(void **state) {
    (void)state;
    depot_begin(&depot, 64, 1);
    depot.slot_limit = 1500; /* a slab and a half */
    assert_int_equal(depot_carve(&depot, rounds, 2000, true), 1500);
    assert_int_equal(depot_carve(&depot, rounds + 1500, 1, true), 0);
    struct round more;
    assert_false(depot_take(&depot, &more, true));
    depot_round_home(&depot, rounds[0]);
    assert_true(depot_take(&depot, &rounds[0], true));
    assert_false(depot_take(&depot, &more, true));
    depot_check(&depot);
    for (size_t i = 0; i < 1500; i++) {
        depot_round_home(&depot, rounds[i]);
    }
    depot_end(&depot);
}

/* Without leave to grow: what is there, and not one slab more. */
static void no_growth_where_none_is_allowed(void **state) {
    (void)state;
    depot_begin(&depot, 1000, 1);
    struct round round;
    assert_false(depot_take(&depot, &round, false));
    assert_int_equal(load_relaxed(&depot.n_slabs), 0);
    depot.count = 1;
    assert_int_equal(depot_reserve(&depot), 0);
    uint32_t n = depot.shape.slots;
    for (uint32_t i = 0; i < n; i++) {
        assert_true(depot_take(&depot, &rounds[i], false));
    }
    assert_false(depot_take(&depot, &round, false));
    assert_int_equal(load_relaxed(&depot.n_slabs), 1);
    for (uint32_t i = 0; i < n; i++) {
        depot_give(&depot, rounds[i]);
    }
    depot_end(&depot);
}

/* Empty magazines of the right size are kept for the next; not more than some, and none of an
 * outgrown size. */
static void empty_magazines_are_kept(void **state) {
    (void)state;
    depot_begin(&depot, 64, 1);
    struct magazine *magazines[100];
    for (int i = 0; i < 100; i++) {
        magazines[i] = depot_empty_magazine(&depot);
        assert_int_equal(magazines[i]->capacity, MAGAZINE_ROUNDS_FIRST);
    }
    for (int i = 0; i < 90; i++) {
        depot_give_magazine(&depot, magazines[i]);
        depot_check(&depot);
    }
    assert_int_equal(depot.n_spare, 64);
    size_t used = space.blocks.used_bytes;
    for (int i = 0; i < 64; i++) {
        struct magazine *magazine = depot_empty_magazine(&depot);
        assert_non_null(magazine);
        magazines[i] = magazine;
    }
    assert_int_equal(depot.n_spare, 0);
    assert_int_equal(space.blocks.used_bytes, used);
    for (int i = 0; i < 64; i++) {
        depot_give_magazine(&depot, magazines[i]);
    }
    depot_note_swaps(&depot, MAGAZINE_ROUNDS_FIRST);
    assert_int_equal(depot.n_spare, 0);
    for (int i = 90; i < 100; i++) {
        depot_give_magazine(&depot, magazines[i]); /* outgrown */
    }
    assert_int_equal(depot.n_spare, 0);
    depot_give_magazine(&depot, depot_empty_magazine(&depot));
    assert_int_equal(depot.n_spare, 1);
    depot_end(&depot);
}

/* A few exchanges up to the calm size; beyond it, hundreds in one second. */
static void traffic_makes_magazines_grow(void **state) {
    (void)state;
    depot_begin(&depot, 64, 1);
    uint32_t target = depot.target, n_exchanges = 0;
    assert_int_equal(target, MAGAZINE_ROUNDS_FIRST);
    assert_int_equal(depot.rounds_calm, 63); /* 4 KiB of objects */
    assert_int_equal(depot.rounds_max, 255);
    while (depot.target < depot.rounds_calm) {
        depot_note_exchange(&depot);
        assert_true(++n_exchanges < 100);
        if (depot.target != target) {
            assert_int_equal(depot.target, 2 * target + 1);
            target = depot.target;
        }
    }
    assert_int_equal(n_exchanges, 2 * 8);
    for (n_exchanges = 0; depot.target == depot.rounds_calm; n_exchanges++) {
        depot_note_exchange(&depot);
    }
    assert_int_equal(n_exchanges, 256);
    assert_int_equal(depot.target, 127);
    while (depot.target < depot.rounds_max) {
        depot_note_exchange(&depot);
    }
    depot_note_exchange(&depot);
    depot_note_swaps(&depot, depot.target);
    assert_int_equal(depot.target, 255);
    /* who has smaller ones than the target is told nothing new */
    depot_begin(&depot, 256, 1);
    depot_note_swaps(&depot, 7);
    assert_int_equal(depot.target, MAGAZINE_ROUNDS_FIRST);
    depot_end(&depot);
}

/* Exchanges that come to as many over the days cost nothing, and no memory either. */
static void calm_traffic_does_not(void **state) {
    (void)state;
    depot_begin(&depot, 256, 1);
    for (int i = 0; i < 100; i++) {
        depot_note_exchange(&depot);
    }
    uint32_t seconds = load_relaxed(&depot_seconds);
    for (uint32_t second = 1; second <= 5; second++) {
        store_relaxed(&depot_seconds, seconds + second);
        for (int i = 0; i < 255; i++) {
            depot_note_exchange(&depot);
        }
        assert_int_equal(depot.target, depot.rounds_calm);
    }
    for (int i = 0; i < 1 << 10; i++) {
        depot_note_swaps(&depot, depot.target);
    }
    assert_int_equal(depot.target, 127);
    store_relaxed(&depot_seconds, seconds);
    depot_end(&depot);
}

/* `count` slots stay, slabs empty for too short a time stay, and the longest empty goes first. */
static void empty_slabs_are_detached_in_turn(void **state) {
    (void)state;
    depot_begin(&depot, 8000, 1);
    uint32_t slots = depot.shape.slots;
    depot.count = slots + 1; /* two slabs, by one slot */
    uint32_t now = load_relaxed(&depot_seconds);
    assert_int_equal(depot_carve(&depot, rounds, 5 * slots, true), 5 * slots);
    assert_null(depot_detach_empty(&depot, UINT32_MAX));
    for (uint32_t i = 0; i < 5 * slots; i++) {
        store_relaxed(&depot_seconds, now + i / slots);
        depot_round_home(&depot, rounds[i]);
    }
    depot_check(&depot);
    const struct slab *oldest = slab_of(rounds[0].object);
    assert_null(depot_detach_empty(&depot, oldest->empty_since));
    for (uint32_t i = 0; i < 3; i++) {
        struct slab *slab = depot_detach_empty(&depot, now + 100);
        assert_ptr_equal(slab, slab_of(rounds[i * slots].object));
        assert_true(slab_retire(slab, &depot.shape, SIZE_MAX, 1));
        depot_check(&depot);
    }
    assert_null(depot_detach_empty(&depot, UINT32_MAX));
    assert_int_equal(load_relaxed(&depot.n_slabs), 2);
    depot.count = slots;
    assert_non_null(depot_detach_empty(&depot, UINT32_MAX));
    assert_null(depot_detach_empty(&depot, UINT32_MAX));
    store_relaxed(&depot_seconds, now);
    depot_end(&depot);
}

/* In a handler whose thread may hold the lock that memory is given back under: an empty magazine
 * that nobody has a use for stays. */
static void nothing_is_given_back_where_no_growth_is_allowed(void **state) {
    (void)state;
    struct round round;
    depot_begin(&depot, 100, 1);
    assert_true(depot_take(&depot, &round, true)); /* a loose magazine of the first size */
    struct magazine *full = depot_empty_magazine(&depot);
    assert_non_null(full);
    assert_int_equal(depot_carve(&depot, full->rounds, 1, true), 1);
    store_relaxed(&full->n, 1);
    depot_give_magazine(&depot, full);
    assert_non_null(depot.loose);
    while (depot.target == depot.loose->capacity) {
        depot_note_exchange(&depot);
    }
    sys_lock_take(&space.lock);
    (void)alarm(20); /* a wait for it has no end */
    assert_true(depot_take(&depot, &rounds[0], false));
    (void)alarm(0);
    sys_lock_drop(&space.lock);
    assert_non_null(depot.stale);
    depot_check(&depot);
    depot_give(&depot, rounds[0]);
    depot_give(&depot, round);
    depot_end(&depot);
}

/* Slabs in use are carved before empty ones, so that these can go. */
static void partial_slabs_come_first(void **state) {
    (void)state;
    depot_begin(&depot, 8000, 1);
    uint32_t slots = depot.shape.slots;
    depot.count = 3 * slots;
    assert_int_equal(depot_reserve(&depot), 0);
    assert_int_equal(depot_carve(&depot, rounds, 1, false), 1);
    for (uint32_t i = 1; i < slots; i++) {
        assert_int_equal(depot_carve(&depot, rounds + i, 1, false), 1);
        assert_ptr_equal(slab_of(rounds[i].object), slab_of(rounds[0].object));
    }
    assert_int_equal(depot_carve(&depot, rounds + slots, 1, false), 1);
    assert_ptr_not_equal(slab_of(rounds[slots].object), slab_of(rounds[0].object));
    for (uint32_t i = 0; i <= slots; i++) {
        depot_round_home(&depot, rounds[i]);
        depot_check(&depot);
    }
    depot_end(&depot);
}

static void a_tight_depot_relaxes_when_enough_is_free(void **state) {
    (void)state;
    depot_begin(&depot, 64, 1);
    depot.slot_limit = 4000;
    assert_int_equal(depot_carve(&depot, rounds, 4000, true), 4000);
    depot.tight = true;
    depot_relax(&depot);
    assert_true(depot.tight);
    size_t enough = 4000 / 8 + 2 * (size_t)depot.rounds_max + 1;
    for (size_t i = 0; i < 4000; i++) {
        assert_true(depot.tight == (i < enough));
        depot_give(&depot, rounds[i]);
        depot_relax(&depot);
    }
    depot.tight = depot.uncached = true;
    depot_relax(&depot);
    assert_true(depot.tight);
    depot_end(&depot);
}

static void duplicates_are_dropped_and_counted(void **state) {
    (void)state;
    depot_begin(&depot, 64, 1);
    assert_int_equal(depot_carve(&depot, rounds, 2, true), 2);
    depot_round_home(&depot, rounds[0]);
    depot_round_home(&depot, rounds[0]);
    assert_int_equal(load_relaxed(&depot.duplicates), 1);
    depot_check(&depot);
    depot_round_home(&depot, rounds[1]);
    depot_end(&depot);
}

static void the_highest_count_is_noted(void **state) {
    (void)state;
    depot_begin(&depot, 64, 1);
    depot_note_live(&depot, 5);
    depot_note_live(&depot, 3);
    assert_int_equal(load_relaxed(&depot.peak), 5);
    depot_note_live(&depot, 9);
    assert_int_equal(load_relaxed(&depot.peak), 9);
    depot_end(&depot);
}

/* No memory for magazines: rounds go to the slabs, which need none. */
static void puts_need_no_memory(void **state) {
    (void)state;
    depot_begin(&depot, 64, 1);
    assert_int_equal(depot_carve(&depot, rounds, 100, true), 100);
    faults_arm(FAULT_COMMIT, 1, UINT64_MAX);
    while (magazine_create(MAGAZINE_ROUNDS_FIRST) != NULL) {
    }
    assert_null(depot_empty_magazine(&depot));
    for (int i = 0; i < 100; i++) {
        depot_give(&depot, rounds[i]);
        depot_check(&depot);
    }
    assert_int_equal(depot_out(&depot), 0);
    struct round round;
    assert_true(depot_take(&depot, &round, true));
    depot_give(&depot, round);
    assert_true(faults_disarm() > 0);
    depot_end(&depot);
}

static void a_reserve_without_memory_is_an_error(void **state) {
    (void)state;
    depot_begin(&depot, 4096, 1);
    depot.count = 100000;
    faults_arm(FAULT_COMMIT, 1, UINT64_MAX);
    assert_int_equal(depot_reserve(&depot), -ENOMEM);
    assert_true(faults_disarm() > 0);
    depot_check(&depot);
    size_t slots = load_relaxed(&depot.slots);
    assert_int_equal(depot_carve(&depot, rounds, 20000, false), slots < 20000 ? slots : 20000);
    size_t n = slots < 20000 ? slots : 20000;
    for (size_t i = 0; i < n; i++) {
        depot_round_home(&depot, rounds[i]);
    }
    depot_end(&depot);
}

/* From 16 MiB on, slabs lie side by side in huge pages; the rest of one is given back. */
static void large_pools_use_spans(void **state) {
    (void)state;
    depot_begin(&depot, 60000, 1);
    size_t n = 0;
    while (depot.span.left == 0 && n < 1000) {
        n += depot_carve(&depot, rounds + n, 1, true);
    }
    size_t held = load_relaxed(&depot.n_slabs) * shape_slab_bytes(&depot.shape);
    assert_true(held > 16 << 20 && held <= (16 << 20) + 2 * shape_slab_bytes(&depot.shape));
    depot_drop_idle_span(&depot);
    assert_true(depot.span.left > 0); /* still large */
    for (size_t i = 0; i < n; i++) {
        depot_round_home(&depot, rounds[i]);
    }
    for (int i = 0; i < 5; i++) {
        struct slab *slab = depot_detach_empty(&depot, UINT32_MAX);
        assert_true(slab_retire(slab, &depot.shape, SIZE_MAX, 1));
    }
    depot_drop_idle_span(&depot);
    assert_int_equal(depot.span.left, 0);
    depot_end(&depot);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(magazines_are_bounded_in_bytes),
        cmocka_unit_test(a_reserve_is_made_of_whole_slabs),
        cmocka_unit_test(magazines_travel_whole),
        cmocka_unit_test(rounds_are_bounded),
        cmocka_unit_test(single_rounds_are_bounded),
        cmocka_unit_test(the_slot_limit_is_exact),
        cmocka_unit_test(no_growth_where_none_is_allowed),
        cmocka_unit_test(nothing_is_given_back_where_no_growth_is_allowed),
        cmocka_unit_test(empty_magazines_are_kept),
        cmocka_unit_test(traffic_makes_magazines_grow),
        cmocka_unit_test(calm_traffic_does_not),
        cmocka_unit_test(empty_slabs_are_detached_in_turn),
        cmocka_unit_test(partial_slabs_come_first),
        cmocka_unit_test(a_tight_depot_relaxes_when_enough_is_free),
        cmocka_unit_test(duplicates_are_dropped_and_counted),
        cmocka_unit_test(the_highest_count_is_noted),
        cmocka_unit_test(large_pools_use_spans),
        cmocka_unit_test(puts_need_no_memory),
        cmocka_unit_test(a_reserve_without_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
