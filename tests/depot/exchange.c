/* SPDX-License-Identifier: MIT */
/* Random exchanges with a depot: no slot is handed out twice, none is lost, the books close. */
#include "unit.h"

#include "depots.h"
#include "rng.h"
#include "scale.h"

enum { N_STEPS = 6000, N_SINGLES = 600, N_MAGAZINES = 24 };

/* What is out: single rounds, and magazines with rounds. */
static struct depot depot;
static struct round singles[N_SINGLES];
static size_t n_singles;
static struct magazine *magazines[N_MAGAZINES];
static size_t n_magazines;

static size_t rounds_out(void) {
    size_t n = n_singles;
    for (size_t i = 0; i < n_magazines; i++) {
        n += load_relaxed(&magazines[i]->n);
    }
    return n;
}

/* A round that is handed out is marked by its record as live; a second owner would see that. */
static void claim(struct round round) {
    uint64_t value = load_relaxed(round.slot_record);
    assert_true(record_is_free(value));
    store_relaxed(round.slot_record, record_with_state(value, RECORD_LIVE));
}

static void disclaim(struct round round) {
    uint64_t value = load_relaxed(round.slot_record);
    assert_true(record_is_live(value));
    store_relaxed(round.slot_record, record_with_state(value, RECORD_FREE));
}

static void each_round(const struct magazine *magazine, void (*visit)(struct round)) {
    for (uint32_t i = 0; i < load_relaxed(&magazine->n); i++) {
        visit(magazine->rounds[i]);
    }
}

static void take_single(bool may_grow) {
    struct round round;
    if (n_singles < N_SINGLES && depot_take(&depot, &round, may_grow)) {
        claim(round);
        singles[n_singles++] = round;
    }
}

static void give_single(struct rng *rng) {
    if (n_singles > 0) {
        size_t i = rng_below(rng, n_singles);
        struct round round = singles[i];
        singles[i] = singles[--n_singles];
        disclaim(round);
        if (rng_chance(rng, 80)) {
            depot_give(&depot, round);
        } else {
            depot_round_home(&depot, round);
        }
    }
}

static void take_magazine(bool may_grow) {
    if (n_magazines == N_MAGAZINES) {
        return;
    }
    struct magazine *magazine = depot_take_magazine(&depot);
    depot_note_exchange(&depot);
    if (magazine == NULL) {
        magazine = depot_empty_magazine(&depot);
        assert_non_null(magazine);
        store_relaxed(&magazine->n, depot_carve(&depot, magazine->rounds, magazine->capacity,
                                                may_grow));
    }
    each_round(magazine, claim);
    magazines[n_magazines++] = magazine;
}

static void give_magazine(struct rng *rng) {
    if (n_magazines > 0) {
        size_t i = rng_below(rng, n_magazines);
        struct magazine *magazine = magazines[i];
        magazines[i] = magazines[--n_magazines];
        each_round(magazine, disclaim);
        depot_give_magazine(&depot, magazine);
    }
}

static void step_slowly(struct rng *rng) {
    struct slab *slab;
    switch (rng_below(rng, 5)) {
    case 0:
        (void)depot_send_home(&depot, rng_below(rng, 300));
        break;
    case 1:
        slab = depot_detach_empty(&depot, UINT32_MAX);
        if (slab != NULL) {
            assert_true(slab_retire(slab, &depot.shape, SIZE_MAX, 0));
        }
        break;
    case 2:
        depot_drop_spare(&depot);
        depot_drop_idle_span(&depot);
        break;
    case 3:
        depot.tight = depot.slot_limit != SIZE_MAX; /* others never are */
        break;
    default:
        depot.rounds_low = load_relaxed(&depot.rounds);
        depot_relax(&depot);
        break;
    }
}

static void step(struct rng *rng) {
    bool may_grow = rng_chance(rng, 80);
    switch (rng_below(rng, 9)) {
    case 0:
    case 1:
        take_single(may_grow);
        break;
    case 2:
    case 3:
        give_single(rng);
        break;
    case 4:
    case 5:
        take_magazine(may_grow);
        break;
    case 6:
    case 7:
        give_magazine(rng);
        break;
    default:
        step_slowly(rng);
        break;
    }
    depot_check(&depot);
    assert_int_equal(depot_out(&depot), rounds_out());
    assert_true(load_relaxed(&depot.slots) >= depot.count);
    assert_true(load_relaxed(&depot.rounds) <= depot.rounds_bound ||
                depot.slot_limit != SIZE_MAX);
}

static void random_exchanges(size_t object_bytes, size_t count, size_t slot_limit) {
    struct rng rng = {rng_seed()};
    depot_begin(&depot, object_bytes, 9);
    depot.count = count;
    depot.slot_limit = slot_limit;
    assert_int_equal(depot_reserve(&depot), 0);
    for (size_t i = test_scaled(N_STEPS); i > 0; i--) {
        step(&rng);
    }
    while (n_singles > 0) {
        give_single(&rng);
    }
    while (n_magazines > 0) {
        give_magazine(&rng);
    }
    assert_int_equal(depot_out(&depot), 0);
    assert_int_equal(load_relaxed(&depot.duplicates), 0);
    depot_end(&depot);
}

static void no_slot_is_lost_or_doubled(void **state) {
    (void)state;
    random_exchanges(16, 0, SIZE_MAX);
    random_exchanges(100, 700, SIZE_MAX);
    random_exchanges(1000, 0, 500);
    random_exchanges(12000, 30, 200);
    random_exchanges(100000, 10, SIZE_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_slot_is_lost_or_doubled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
