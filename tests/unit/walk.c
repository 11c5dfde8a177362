/* SPDX-License-Identifier: MIT */
/* mempool_walk and mempool_list: every live object of a pool, every pool of the process. */
#include "unit.h"

#include "threads.h"

enum { N_OBJECTS = 4000, N_POOLS = 20 };

static void *objects[N_OBJECTS];

/* What one walk saw. */
struct walk {
    struct mempool *pool;
    size_t n_visited, stop_after;
    void *visited[N_OBJECTS];
    bool puts;
};

static int note_object(void *object, const struct mempool_description *description,
                       void *argument) {
    struct walk *walk = argument;
    CHECK(walk->n_visited < N_OBJECTS);
    CHECK(description->state == MEMPOOL_STATE_LIVE);
    CHECK(description->object == object);
    CHECK(description->pool == walk->pool);
    CHECK(description->offset == 0);
    CHECK(description->site != 0);
    walk->visited[walk->n_visited++] = object;
    if (walk->puts) {
        mempool_put(object);
    }
    return walk->n_visited == walk->stop_after;
}

/* The walk visits exactly the n objects of the array, those in slots in address order. */
static void check_walk(struct mempool *pool, void **expected, size_t n) {
    static struct walk walk;
    walk = (struct walk){.pool = pool};
    assert_int_equal(mempool_walk(pool, note_object, &walk), n);
    assert_int_equal(walk.n_visited, n);
    const char *before = NULL;
    for (size_t i = 0; i < n; i++) {
        const char *object = walk.visited[i];
        if (address_description(object).heap == 0) {
            assert_true(object > before);
            before = object;
        }
    }
    qsort(walk.visited, n, sizeof walk.visited[0], compare_addresses);
    qsort(expected, n, sizeof expected[0], compare_addresses);
    for (size_t i = 0; i < n; i++) {
        assert_ptr_equal(walk.visited[i], expected[i]);
    }
}

static void visits_exactly_the_live(void **state) {
    (void)state;
    struct mempool *pool = pool_of(64), *other = pool_of(64);
    void *neighbour = mempool_get(other);
    check_walk(pool, objects, 0);
    get_all(pool, objects, N_OBJECTS);
    check_walk(pool, objects, N_OBJECTS);
    put_all(objects, N_OBJECTS / 4);
    check_walk(pool, objects + N_OBJECTS / 4, N_OBJECTS - N_OBJECTS / 4);
    put_all(objects + N_OBJECTS / 4, N_OBJECTS - N_OBJECTS / 4 - 1);
    check_walk(pool, objects + N_OBJECTS - 1, 1);
    mempool_put(objects[N_OBJECTS - 1]);
    check_walk(pool, objects, 0);
    check_walk(other, &neighbour, 1);
    mempool_put(neighbour);
    assert_int_equal(mempool_destroy(pool) + mempool_destroy(other), 0);
}

static void visits_heap_objects_too(void **state) {
    (void)state;
    struct mempool *pool = pool_of_options(
        &POOL_OPTIONS(.object_bytes = 64, .count = 50, .on_empty = MEMPOOL_HEAP));
    get_all(pool, objects, 150);
    check_walk(pool, objects, 150);
    put_all(objects, 150);
    check_walk(pool, objects, 0);
    assert_int_equal(mempool_destroy(pool), 0);
}

static void stops_when_told(void **state) {
    (void)state;
    static struct walk walk;
    struct mempool *pool = pool_of(64);
    get_all(pool, objects, 100);
    walk = (struct walk){.pool = pool, .stop_after = 7};
    assert_int_equal(mempool_walk(pool, note_object, &walk), 7);
    assert_int_equal(walk.n_visited, 7);
    put_all(objects, 100);
    assert_int_equal(mempool_destroy(pool), 0);
}

static void visitor_may_put(void **state) {
    (void)state;
    static struct walk walk;
    struct mempool *pool = pool_of(64);
    get_all(pool, objects, N_OBJECTS);
    walk = (struct walk){.pool = pool, .puts = true};
    assert_int_equal(mempool_walk(pool, note_object, &walk), N_OBJECTS);
    assert_int_equal(pool_stats(pool).hot, 0);
    assert_int_equal(mempool_destroy(pool), 0);
}

static void null_pool_has_no_objects(void **state) {
    (void)state;
    assert_int_equal(mempool_walk(NULL, note_object, NULL), 0);
}

/* What one listing saw. */
struct listing {
    struct mempool *pools[2 * N_POOLS];
    size_t n_visited, stop_after;
    struct mempool *to_destroy, *created;
};

static int note_pool(struct mempool *pool, void *argument) {
    struct listing *listing = argument;
    CHECK(listing->n_visited < 2 * N_POOLS);
    listing->pools[listing->n_visited++] = pool;
    if (listing->to_destroy != NULL) {
        CHECK(mempool_destroy(listing->to_destroy) == 0);
        listing->to_destroy = NULL;
        listing->created = pool_of(64);
    }
    return listing->n_visited == listing->stop_after;
}

static void lists_the_newest_first(void **state) {
    (void)state;
    struct mempool *pools[N_POOLS];
    struct listing listing = {0};
    assert_int_equal(mempool_list(note_pool, &listing), 0);
    for (size_t i = 0; i < N_POOLS; i++) {
        pools[i] = pool_of(64);
    }
    assert_int_equal(mempool_list(note_pool, &listing), N_POOLS);
    for (size_t i = 0; i < N_POOLS; i++) {
        assert_ptr_equal(listing.pools[i], pools[N_POOLS - 1 - i]);
    }
    listing = (struct listing){.stop_after = 3};
    assert_int_equal(mempool_list(note_pool, &listing), 3);
    assert_int_equal(listing.n_visited, 3);
    for (size_t i = 0; i < N_POOLS; i++) {
        assert_int_equal(mempool_destroy(pools[i]), 0);
        listing = (struct listing){0};
        assert_int_equal(mempool_list(note_pool, &listing), N_POOLS - 1 - i);
    }
}

static void lists_no_destroyed_pool(void **state) {
    (void)state;
    mempool_misuse_sink_set(-1);
    struct mempool *pool = pool_of(64), *other = pool_of(64);
    void *object = mempool_get(pool);
    assert_int_equal(mempool_destroy(pool), 1);
    struct listing listing = {0};
    assert_int_equal(mempool_list(note_pool, &listing), 1);
    assert_ptr_equal(listing.pools[0], other);
    mempool_put(object);
    assert_int_equal(mempool_destroy(other), 0);
    mempool_misuse_sink_set(2);
}

/* The visitor of the newest pool destroys the oldest, which is then not visited, and makes one. */
static void visitor_may_create_and_destroy(void **state) {
    (void)state;
    struct mempool *pools[N_POOLS];
    for (size_t i = 0; i < N_POOLS; i++) {
        pools[i] = pool_of(64);
    }
    struct listing listing = {.to_destroy = pools[0]};
    size_t n_visited = mempool_list(note_pool, &listing);
    assert_int_equal(n_visited, N_POOLS - 1);
    for (size_t i = 0; i < n_visited; i++) {
        assert_ptr_not_equal(listing.pools[i], pools[0]);
        assert_ptr_not_equal(listing.pools[i], listing.created);
    }
    assert_int_equal(mempool_destroy(listing.created), 0);
    for (size_t i = 1; i < N_POOLS; i++) {
        assert_int_equal(mempool_destroy(pools[i]), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(visits_exactly_the_live),
        cmocka_unit_test(visits_heap_objects_too),
        cmocka_unit_test(stops_when_told),
        cmocka_unit_test(visitor_may_put),
        cmocka_unit_test(null_pool_has_no_objects),
        cmocka_unit_test(lists_the_newest_first),
        cmocka_unit_test(lists_no_destroyed_pool),
        cmocka_unit_test(visitor_may_create_and_destroy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
