/* SPDX-License-Identifier: MIT */
/* Slots carved out of a slab and given back, compared with a model of which are where. */
#include "unit.h"

#include "rng.h"
#include "scale.h"

#include "slab/slab.h"

enum {
    POOL_PLACE_BYTES = 640,
    N_SLOTS_MAX = 4096,
    N_STEPS = 3000,
    CACHE_OFFSET = 128,
};

/* What the slab should be. */
static struct {
    struct shape shape;
    struct slab *slab;
    bool raw;
    bool out[N_SLOTS_MAX];
    bool touched[N_SLOTS_MAX];
    struct round rounds[N_SLOTS_MAX]; /* those that are out */
    uint32_t n_out, n_touched;
} model;

static int owner;

static void make(size_t object_bytes, uint32_t colour, bool raw) {
    memset(&model, 0, sizeof model);
    shape_init(&model.shape, object_bytes, 16, SHAPE_PLAIN);
    model.raw = raw;
    model.slab = slab_create(&model.shape, &owner, CACHE_OFFSET, colour, NULL);
    assert_non_null(model.slab);
    assert_int_equal(model.slab->start, colour % model.shape.slots);
    assert_int_equal(model.slab->home, model.shape.slots);
}

static void end(void) {
    assert_int_equal(model.slab->home, model.shape.slots);
    assert_true(slab_retire(model.slab, &model.shape, SIZE_MAX, 7));
}

/* The slot of a round, whose object and record must belong together. */
static uint32_t slot_of(struct round round) {
    struct descriptor *descriptor = NULL;
    record *slot_record = NULL;
    assert_int_equal(slot_find(round.object, &descriptor, &slot_record), SLOT_FOUND);
    assert_ptr_equal(slot_record, round.slot_record);
    assert_ptr_equal(slab_of(round.object), model.slab);
    assert_int_equal(load_relaxed(&descriptor->cache_offset), CACHE_OFFSET);
    return (uint32_t)(slot_record - load_relaxed(&model.slab->records));
}

static void note_carved(struct round round, bool was_touched) {
    uint32_t slot = slot_of(round);
    uint64_t value = load_relaxed(round.slot_record);
    assert_true(slot < model.shape.slots);
    assert_false(model.out[slot]);
    assert_int_equal(model.touched[slot], was_touched);
    assert_true(model.raw ? value == RECORD_RAW || record_is_free(value) : record_is_free(value));
    model.out[slot] = true;
    if (!was_touched) {
        /* fresh ones come in address order from the colour on, and around */
        assert_int_equal((model.slab->start + model.n_touched) % model.shape.slots, slot);
        model.touched[slot] = true;
        model.n_touched++;
    }
    model.rounds[model.n_out++] = round;
}

/* Touched ones first, fresh ones behind them, these in descending order. */
static void carve(uint32_t n) {
    static struct round rounds[N_SLOTS_MAX];
    uint32_t n_home = model.shape.slots - model.n_out;
    uint32_t expected = n < n_home ? n : n_home;
    uint32_t touched_home = model.n_touched - model.n_out;
    uint32_t n_touched = expected < touched_home ? expected : touched_home;
    assert_int_equal(slab_carve(model.slab, &model.shape, rounds, n, model.raw), expected);
    for (uint32_t i = 0; i < n_touched; i++) {
        note_carved(rounds[i], true);
    }
    for (uint32_t i = expected; i > n_touched; i--) {
        note_carved(rounds[i - 1], false);
    }
    assert_int_equal(model.slab->home, model.shape.slots - model.n_out);
    assert_int_equal(model.slab->fresh, model.n_touched);
}

static void give(uint32_t i) {
    struct round round = model.rounds[i];
    uint32_t slot = slot_of(round);
    model.rounds[i] = model.rounds[--model.n_out];
    model.out[slot] = false;
    assert_int_equal(slab_give(model.slab, &model.shape, round), SLAB_GIVEN);
    assert_int_equal(model.slab->home, model.shape.slots - model.n_out);
    assert_true(record_is_home(load_relaxed(round.slot_record)));
    /* a duplicate changes nothing */
    assert_int_equal(slab_give(model.slab, &model.shape, round), SLAB_NOT_FREE);
    assert_int_equal(model.slab->home, model.shape.slots - model.n_out);
}

static void give_all(void) {
    while (model.n_out > 0) {
        give(0);
    }
}

static void random_carves(struct rng *rng) {
    for (size_t step = test_scaled(N_STEPS); step > 0; step--) {
        if (rng_chance(rng, 50)) {
            carve((uint32_t)rng_below(rng, rng_chance(rng, 90) ? 40 : N_SLOTS_MAX));
        } else {
            for (uint64_t n = rng_below(rng, 45); n > 0 && model.n_out > 0; n--) {
                give((uint32_t)rng_below(rng, model.n_out));
            }
        }
    }
    carve(N_SLOTS_MAX);
    assert_int_equal(model.n_out, model.shape.slots);
    carve(1);
    give_all();
}

static void random_steps_as_in_a_model(void **state) {
    (void)state;
    struct rng rng = {rng_seed()};
    static const size_t sizes[] = {16, 48, 100, 1000, 8192, 12120, 60000, 100000};
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof sizes[0]; i++) {
        make(sizes[i / 2], (uint32_t)rng_next(&rng), i % 2 != 0);
        random_carves(&rng);
        end();
    }
}

/* From every colour on, the whole slab is carved once around. */
static void carving_wraps_around(void **state) {
    (void)state;
    for (uint32_t colour = 0; colour < 70; colour++) {
        make(1024, colour, colour % 2 != 0);
        for (uint32_t n = 1; model.n_out < model.shape.slots; n++) {
            carve(n);
        }
        for (uint32_t slot = 0; slot < model.shape.slots; slot++) {
            assert_true(model.out[slot]);
        }
        give_all();
        end();
    }
}

/* What was out before is carved again, before fresh slots make more pages resident. */
static void touched_come_before_fresh(void **state) {
    (void)state;
    make(512, 100, false);
    carve(10);
    give_all();
    for (int i = 0; i < 5; i++) {
        carve(10);
        assert_int_equal(model.slab->fresh, 10);
        give_all();
    }
    carve(11);
    assert_int_equal(model.slab->fresh, 11);
    give_all();
    end();
}

static void live_and_home_are_not_given(void **state) {
    (void)state;
    make(256, 3, false);
    carve(2);
    record *slot_record = model.rounds[0].slot_record;
    uint64_t value = load_relaxed(slot_record);
    store_relaxed(slot_record, record_with_state(value, RECORD_LIVE));
    assert_int_equal(slab_give(model.slab, &model.shape, model.rounds[0]), SLAB_NOT_FREE);
    assert_int_equal(model.slab->home, model.shape.slots - 2);
    assert_true(record_is_live(load_relaxed(slot_record)));
    store_relaxed(slot_record, value);
    give_all();
    end();
}

/* In a pool with a constructor: raw until constructed; history tells that it was. */
static void raw_until_constructed(void **state) {
    (void)state;
    make(256, 0, true);
    carve(3);
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(load_relaxed(model.rounds[i].slot_record) == RECORD_RAW);
    }
    record *constructed = model.rounds[1].slot_record;
    uint64_t history = record_make(0x1234, 5 << RECORD_TIME_SHIFT, RECORD_FREE);
    store_relaxed(constructed, history);
    give_all();
    assert_true(load_relaxed(constructed) == record_with_state(history, RECORD_HOME));
    carve(3);
    unsigned n_raw = 0;
    for (uint32_t i = 0; i < 3; i++) {
        n_raw += load_relaxed(model.rounds[i].slot_record) == RECORD_RAW;
    }
    assert_int_equal(n_raw, 2);
    assert_true(load_relaxed(constructed) == history);
    give_all();
    end();
}

/* Only slots' exact starts are found; nothing is, once the slab is gone. */
static void only_exact_starts_are_found(void **state) {
    (void)state;
    struct descriptor *descriptor;
    record *slot_record;
    make(100, 5, false);
    carve(1);
    char *start = space_chunk_address(load_relaxed(&model.slab->first_chunk));
    size_t n_found = 0;
    for (size_t at = 0; at < shape_slab_bytes(&model.shape); at++) {
        enum slot_verdict verdict = slot_find(start + at, &descriptor, &slot_record);
        bool exact = at % model.shape.stride == 0;
        assert_int_equal(verdict, exact ? SLOT_FOUND : SLOT_INEXACT);
        n_found += exact;
    }
    assert_int_equal(n_found, model.shape.records);
    /* the part of a slot at the end has a record, and it is never anything but zero */
    assert_int_equal(model.shape.records, model.shape.slots + 1);
    assert_int_equal(load_relaxed(&load_relaxed(&model.slab->records)[model.shape.slots]), 0);
    assert_int_equal(slot_find(&owner, &descriptor, &slot_record), SLOT_OUTSIDE);
    slab_redirect(model.slab, &model.shape, 4711);
    assert_int_equal(slot_find(start, &descriptor, &slot_record), SLOT_FOUND);
    assert_int_equal(load_relaxed(&descriptor->cache_offset), 4711);
    slab_redirect(model.slab, &model.shape, CACHE_OFFSET);
    give_all();
    end();
    assert_int_equal(slot_find(start, &descriptor, &slot_record), SLOT_INEXACT);
}

static int setup(void **state) {
    (void)state;
    return space_init(POOL_PLACE_BYTES, SLAB_BYTES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_steps_as_in_a_model),
        cmocka_unit_test(carving_wraps_around),
        cmocka_unit_test(touched_come_before_fresh),
        cmocka_unit_test(live_and_home_are_not_given),
        cmocka_unit_test(raw_until_constructed),
        cmocka_unit_test(only_exact_starts_are_found),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
