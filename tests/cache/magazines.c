/* SPDX-License-Identifier: MIT */
/* One thread's cache: hits, swaps, exchanges; what it holds is bounded, what it counts is exact. */
#include "unit.h"

#include "faults.h"
#include "plain_pool.h"
#include "rng.h"
#include "scale.h"

#include "vm/blocks.h"

enum { N_OBJECTS = 3000, N_STEPS = 40000 };

static struct depot depot;
static void *objects[N_OBJECTS];
static size_t n_objects;

static void get_some(size_t n) {
    for (; n > 0 && n_objects < N_OBJECTS; n--) {
        objects[n_objects] = plain_get(&depot);
        assert_non_null(objects[n_objects]);
        n_objects++;
    }
}

static void put_some(struct rng *rng, size_t n) {
    for (; n > 0 && n_objects > 0; n--) {
        size_t i = rng_below(rng, n_objects);
        void *object = objects[i];
        objects[i] = objects[--n_objects];
        plain_put(&depot, object);
    }
}

static void end(struct rng *rng) {
    put_some(rng, N_OBJECTS);
    thread_flush();
    plain_check(&depot, 0);
    assert_int_equal(plain_sum(&depot).caches, 0);
    depot_end(&depot);
}

static void check_bound(void) {
    struct plain_sums sums = plain_sum(&depot);
    const struct magazine *loaded = load_relaxed(&plain_cache(&depot)->loaded);
    assert_true(sums.cached <= 2 * (uint64_t)depot.rounds_max);
    /* what a get of the last round prefetches */
    assert_true(loaded == NULL || loaded->next == loaded);
    plain_check(&depot, n_objects);
    assert_true(load_relaxed(&depot.peak) <= N_OBJECTS);
}

static void random_use(size_t object_bytes) {
    struct rng rng = {rng_seed()};
    plain_begin(&depot, object_bytes, 1);
    for (size_t step = test_scaled(N_STEPS); step > 0; step--) {
        size_t n = rng_below(&rng, rng_chance(&rng, 90) ? 8 : 500);
        if (rng_chance(&rng, 50)) {
            get_some(n);
        } else {
            put_some(&rng, n);
        }
        if (step % 16 == 0) {
            check_bound();
        }
    }
    end(&rng);
}

static void the_books_close_after_random_use(void **state) {
    (void)state;
    random_use(16);
    random_use(1000);
    random_use(20000);
    random_use(100000);
}

/* The last put is the next got: its memory is in the processor's cache. */
static void last_in_first_out(void **state) {
    (void)state;
    struct rng rng = {rng_seed()};
    plain_begin(&depot, 64, 1);
    get_some(20);
    void *last = objects[--n_objects];
    plain_put(&depot, last);
    assert_ptr_equal(plain_get(&depot), last);
    objects[n_objects++] = last;
    end(&rng);
}

/* Going back and forth over a magazine's edge makes magazines larger, as far as bytes allow. */
static void swaps_ask_for_larger_magazines(void **state) {
    (void)state;
    struct rng rng = {rng_seed()};
    plain_begin(&depot, 64, 1);
    assert_int_equal(depot.target, MAGAZINE_ROUNDS_FIRST);
    for (int i = 0; i < 2000; i++) {
        get_some(MAGAZINE_ROUNDS_FIRST + 8);
        put_some(&rng, MAGAZINE_ROUNDS_FIRST + 8);
    }
    assert_true(depot.target > MAGAZINE_ROUNDS_FIRST);
    check_bound();
    end(&rng);
}

/* Wherever live objects rise and fall by a few, it is within the loaded magazine after a swap. */
static void an_edge_is_crossed_once(void **state) {
    (void)state;
    struct rng rng = {rng_seed()};
    plain_begin(&depot, 64, 1);
    depot.rounds_max = depot.target;
    struct cache *cache = plain_cache(&depot);
    for (uint32_t level = 0; level < 4 * depot.target; level++) {
        get_some(1);
        for (size_t by = 1; by <= 7; by++) {
            uint32_t swaps = cache->swaps;
            for (int i = 0; i < 20; i++) {
                get_some(by);
                put_some(&rng, by);
            }
            assert_true(cache->swaps - swaps <= 2);
        }
    }
    end(&rng);
}

/* In whatever order magazines are swapped: what was put last is got next, as long as the cache has
 * it. */
static void both_magazines_are_one_stack(void **state) {
    (void)state;
    struct rng rng = {rng_seed()};
    plain_begin(&depot, 64, 1);
    depot.rounds_max = depot.target;
    size_t most = 2 * (size_t)depot.target - 2;
    void *stack[2 * MAGAZINE_ROUNDS_MAX];
    size_t n = 0;
    get_some(most);
    while (n_objects > 0) {
        stack[n] = objects[--n_objects];
        plain_put(&depot, stack[n++]);
    }
    for (size_t step = test_scaled(N_STEPS); step > 0; step--) {
        if (n_objects < most && (n_objects == 0 || rng_chance(&rng, 50))) {
            get_some(1);
            assert_ptr_equal(objects[n_objects - 1], stack[--n]);
        } else {
            size_t i = rng_below(&rng, n_objects);
            stack[n] = objects[i];
            objects[i] = objects[--n_objects];
            plain_put(&depot, stack[n++]);
        }
    }
    end(&rng);
}

/* Without memory for magazines the cache is passed by; with memory again, it is used. */
static void no_memory_for_magazines(void **state) {
    (void)state;
    struct rng rng = {rng_seed()};
    plain_begin(&depot, 1000, 1);
    depot.count = 500;
    assert_int_equal(depot_reserve(&depot), 0);
    (void)plain_cache(&depot);
    faults_arm(FAULT_COMMIT, 1, UINT64_MAX);
    while (magazine_create(depot.target) != NULL) {
    }
    get_some(300);
    assert_int_equal(plain_sum(&depot).cached, 0);
    plain_check(&depot, 300);
    put_some(&rng, 200);
    assert_int_equal(plain_sum(&depot).cached, 0);
    plain_check(&depot, 100);
    assert_true(faults_disarm() > 0);
    get_some(100);
    assert_true(plain_sum(&depot).cached > 0);
    /* full magazines, and none empty to be had: puts go to the depot one by one */
    faults_arm(FAULT_COMMIT, 1, UINT64_MAX);
    while (magazine_create(depot.target) != NULL) {
    }
    put_some(&rng, N_OBJECTS);
    plain_check(&depot, 0);
    faults_disarm();
    end(&rng);
}

/* A depot that is not alive gives nothing to a cache. */
static void a_dead_depot_is_told(void **state) {
    (void)state;
    struct rng rng = {rng_seed()};
    plain_begin(&depot, 64, 1);
    struct cache *cache = plain_cache(&depot);
    struct round round;
    store_relaxed(&depot.state, DEPOT_ZOMBIE);
    assert_int_equal(cache_refill(cache, &depot, &round), CACHE_NO_DEPOT);
    assert_int_equal(cache_make_room(cache, &depot, round), CACHE_NO_DEPOT);
    store_relaxed(&depot.state, DEPOT_ALIVE);
    depot.tight = true;
    assert_int_equal(cache_refill(cache, &depot, &round), CACHE_BYPASS);
    assert_int_equal(cache_make_room(cache, &depot, round), CACHE_BYPASS);
    depot.tight = false;
    depot.slot_limit = 1;
    assert_non_null(objects[0] = plain_get(&depot));
    assert_null(plain_get(&depot));
    assert_int_equal(cache_refill(cache, &depot, &round), CACHE_NOTHING);
    n_objects = 1;
    end(&rng);
}

/* The highest number of live objects is known at once where one thread has all. */
static void the_peak_is_noted(void **state) {
    (void)state;
    struct rng rng = {rng_seed()};
    plain_begin(&depot, 64, 1);
    for (size_t peak = 100; peak <= 1000; peak += 100) {
        get_some(peak - n_objects);
        assert_int_equal(load_relaxed(&depot.peak), peak);
        put_some(&rng, 80);
    }
    end(&rng);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_books_close_after_random_use),
        cmocka_unit_test(last_in_first_out),
        cmocka_unit_test(swaps_ask_for_larger_magazines),
        cmocka_unit_test(an_edge_is_crossed_once),
        cmocka_unit_test(both_magazines_are_one_stack),
        cmocka_unit_test(a_dead_depot_is_told),
        cmocka_unit_test(the_peak_is_noted),
        cmocka_unit_test(no_memory_for_magazines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
