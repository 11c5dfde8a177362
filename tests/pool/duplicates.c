/* SPDX-License-Identifier: MIT */
/* What two racing puts leave behind, one slot in two places, is found wherever it lies: nobody gets
 * it twice, it is reported, and the counts are right again. */
#include "unit.h"

#include "child.h"

#include "depot/depot.h"

#include <semaphore.h>

enum { OBJECT_BYTES = 64, N_KEPT = 20, N_ALL = 4000 };

static void *all[N_ALL], *kept[N_KEPT], *doubled[N_KEPT];
static sem_t are_put, may_end;

/* As two threads that both found the object live, and both laid it in: the second put's test is
 * made to pass again. */
static void put_twice(void *object) {
    struct descriptor *descriptor = NULL;
    record *slot_record = NULL;
    CHECK(slot_find(object, &descriptor, &slot_record) == SLOT_FOUND);
    uint64_t live = load_relaxed(slot_record);
    CHECK(record_is_live(live));
    mempool_put(object);
    CHECK(!record_is_live(load_relaxed(slot_record)));
    store_relaxed(slot_record, live);
    mempool_put(object);
}

static int compare(const void *left, const void *right) {
    return compare_addresses(left, right);
}

static void all_differ(size_t n) {
    qsort(all, n, sizeof all[0], compare);
    for (size_t i = 1; i < n; i++) {
        CHECK(all[i] != all[i - 1]);
    }
}

struct place {
    struct mempool_options options;
    bool other_thread; /* it is in another thread's cache */
    bool flush;        /* the cache goes to the depot */
    bool trim;         /* the rounds go home to their slabs */
    size_t n_doubled;
};

static void put_doubled(const struct place *place) {
    for (size_t i = place->n_doubled; i < N_KEPT; i++) {
        mempool_put(doubled[i]);
    }
    for (size_t i = 0; i < place->n_doubled; i++) {
        put_twice(doubled[i]);
    }
}

static void *put_and_stay(void *argument) {
    put_doubled(argument);
    sem_post(&are_put);
    sem_wait(&may_end);
    return NULL;
}

/* Put what is to be doubled, and bring it to its place. */
static void bring(struct place *place, struct mempool *pool, pthread_t *ret_thread) {
    if (place->other_thread) {
        *ret_thread = thread_start(put_and_stay, place);
        sem_wait(&are_put);
    } else {
        put_doubled(place);
    }
    if (place->flush) {
        mempool_thread_flush();
    }
    if (place->trim) {
        (void)mempool_trim(pool);
    }
}

static int found(void *argument) {
    struct place *place = argument;
    pthread_t thread = pthread_self();
    CHECK(sem_init(&are_put, 0, 0) == 0 && sem_init(&may_end, 0, 0) == 0);
    mempool_misuse_sink_set(-1);
    struct mempool *pool = pool_of_options(&place->options);
    for (size_t i = 0; i < N_KEPT; i++) {
        kept[i] = mempool_get(pool);
        doubled[i] = mempool_get(pool);
    }
    bring(place, pool, &thread);
    for (size_t i = 0; i < N_ALL; i++) {
        all[i] = mempool_get(pool);
        CHECK(all[i] != NULL);
        for (size_t k = 0; k < N_KEPT; k++) {
            CHECK(all[i] != kept[k]);
        }
    }
    if (place->options.limit != 0) { /* what is still in the depot is no object, but a duplicate */
        CHECK(mempool_get(pool) == NULL && errno == ENOMEM);
    }
    all_differ(N_ALL);
    size_t n_found = mempool_misuse_count(MEMPOOL_MISUSE_RACING_PUT);
    CHECK(n_found > 0 && n_found <= place->n_doubled);
    CHECK_EQUAL(pool_stats(pool).hot, N_ALL + N_KEPT);
    for (size_t i = 0; i < N_KEPT; i++) {
        mempool_put(kept[i]);
    }
    mempool_put_bulk(all, N_ALL);
    if (place->other_thread) {
        sem_post(&may_end);
        thread_join(thread);
    }
    CHECK_EQUAL(pool_stats(pool).hot, 0);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return 0;
}

static void check_places(const struct place *wanted) {
    for (size_t n = 1; n <= N_KEPT; n += 6) {
        struct place place = *wanted;
        place.n_doubled = n;
        assert_int_equal(child_status(found, &place), 0);
    }
}

static void in_the_own_cache(void **state) {
    (void)state;
    check_places(&(struct place){.options = POOL_OPTIONS(.object_bytes = OBJECT_BYTES)});
}

/* Of the depot's magazines, the first round that a cache is given may be one. */
static void in_the_depot(void **state) {
    (void)state;
    check_places(&(struct place){.options = POOL_OPTIONS(.object_bytes = OBJECT_BYTES),
                                 .flush = true});
    check_places(&(struct place){.options = POOL_OPTIONS(.object_bytes = 20000), .flush = true});
}

/* The last objects that a limit allows lie in another thread's cache, which is drawn in. */
static void in_another_cache(void **state) {
    (void)state;
    check_places(&(struct place){.options = POOL_OPTIONS(.object_bytes = OBJECT_BYTES,
                                              .limit = N_ALL + N_KEPT),
                                 .other_thread = true});
}

/* On its way home to its slab. */
static void at_home(void **state) {
    (void)state;
    check_places(&(struct place){.options = POOL_OPTIONS(.object_bytes = OBJECT_BYTES),
                                 .flush = true, .trim = true});
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_the_own_cache),
        cmocka_unit_test(in_the_depot),
        cmocka_unit_test(in_another_cache),
        cmocka_unit_test(at_home),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
