/* SPDX-License-Identifier: MIT */
/* Constructors and destructors: once for each slot, kept across put and get, always in balance. */
#include "unit.h"

#include "threads.h"

#include <fcntl.h>

enum { N_OBJECTS = 2000, MARK = 0x600dface };

struct item {
    unsigned mark;
    unsigned n_uses;
    char rest[92];
};

/* What the callbacks were called for. */
struct journal {
    int n_constructed, n_destructed;
    int n_to_refuse; /* so many constructions fail first */
    int error;       /* with this errno */
    struct mempool *other, *own; /* NULL, or to be used and looked at */
};

static void *objects[N_OBJECTS];

/* No lock is held: any pool may be used, and all may be looked at. */
static void use_pools(const struct journal *journal) {
    static int nowhere = -1;
    nowhere = nowhere < 0 ? open("/dev/null", O_WRONLY) : nowhere;
    mempool_put(mempool_get(journal->other));
    if (journal->own != NULL) {
        CHECK(pool_stats(journal->own).object_bytes == sizeof(struct item));
    }
    CHECK(mempool_dump(nowhere) == 0);
}

static int construct(void *object, void *argument) {
    struct journal *journal = argument;
    struct item *item = object;
    if (journal->n_to_refuse > 0) {
        journal->n_to_refuse--;
        errno = journal->error;
        return -1;
    }
    if (journal->other != NULL) {
        use_pools(journal);
    }
    *item = (struct item){.mark = MARK};
    journal->n_constructed++;
    return 0;
}

static void destruct(void *object, void *argument) {
    struct journal *journal = argument;
    struct item *item = object;
    CHECK(item->mark == MARK);
    if (journal->other != NULL) {
        use_pools(journal);
    }
    item->mark = 0;
    journal->n_destructed++;
}

static struct mempool_options options_of(struct journal *journal) {
    return POOL_OPTIONS(.object_bytes = sizeof(struct item), .construct = construct,
                        .destruct = destruct, .arg = journal);
}

static void each_slot_is_constructed_once(void **state) {
    (void)state;
    struct journal journal = {0};
    struct mempool_options options = options_of(&journal);
    struct mempool *pool = pool_of_options(&options);
    unsigned n_uses = 0;
    for (int round = 0; round < 5; round++) {
        get_all(pool, objects, N_OBJECTS);
        for (size_t i = 0; i < N_OBJECTS; i++) {
            struct item *item = objects[i];
            assert_int_equal(item->mark, MARK);
            n_uses += item->n_uses++ != 0;
        }
        put_all(objects, N_OBJECTS);
    }
    assert_int_equal(n_uses + (unsigned)journal.n_constructed, 5 * N_OBJECTS);
    assert_true(journal.n_constructed >= N_OBJECTS);
    assert_int_equal(journal.n_destructed, 0);
    assert_int_equal(mempool_destroy(pool), 0);
    assert_int_equal(journal.n_destructed, journal.n_constructed);
}

static void trim_destructs_what_it_returns(void **state) {
    (void)state;
    struct journal journal = {0};
    struct mempool_options options = options_of(&journal);
    struct mempool *pool = pool_of_options(&options);
    get_all(pool, objects, N_OBJECTS);
    put_all(objects, N_OBJECTS - 1);
    mempool_thread_flush();
    mempool_trim(pool);
    assert_true(journal.n_destructed > N_OBJECTS / 2);
    assert_int_equal(((struct item *)objects[N_OBJECTS - 1])->mark, MARK);
    mempool_put(objects[N_OBJECTS - 1]);
    get_all(pool, objects, N_OBJECTS);
    for (size_t i = 0; i < N_OBJECTS; i++) {
        assert_int_equal(((struct item *)objects[i])->mark, MARK);
    }
    put_all(objects, N_OBJECTS);
    mempool_thread_flush();
    mempool_trim(pool);
    assert_int_equal(pool_stats(pool).slabs, 0);
    assert_int_equal(journal.n_destructed, journal.n_constructed);
    assert_int_equal(mempool_destroy(pool), 0);
    assert_int_equal(journal.n_destructed, journal.n_constructed);
}

static void refusal_keeps_its_errno(void **state) {
    (void)state;
    struct journal journal = {.n_to_refuse = 3, .error = EPROTO};
    struct mempool_options options = options_of(&journal);
    struct mempool *pool = pool_of_options(&options);
    for (int i = 0; i < 3; i++) {
        assert_refused(mempool_get(pool), EPROTO);
    }
    assert_int_equal(pool_stats(pool).refused, 3);
    assert_int_equal(pool_stats(pool).alloc_count, 0);
    get_all(pool, objects, N_OBJECTS);
    put_all(objects, N_OBJECTS);
    assert_int_equal(mempool_destroy(pool), 0);
    assert_true(journal.n_constructed >= N_OBJECTS);
    assert_int_equal(journal.n_destructed, journal.n_constructed);
}

static void refusal_does_not_eat_the_limit(void **state) {
    (void)state;
    struct journal journal = {.n_to_refuse = 50, .error = EPROTO};
    struct mempool_options options = options_of(&journal);
    options.limit = 10;
    struct mempool *pool = pool_of_options(&options);
    for (int i = 0; i < 50; i++) {
        assert_refused(mempool_get0(pool), EPROTO);
    }
    get_all(pool, objects, 10);
    assert_refused(mempool_get(pool), ENOMEM);
    put_all(objects, 10);
    assert_int_equal(mempool_destroy(pool), 0);
}

static void bulk_stops_at_a_refusal(void **state) {
    (void)state;
    struct journal journal = {0};
    struct mempool_options options = options_of(&journal);
    struct mempool *pool = pool_of_options(&options);
    assert_int_equal(mempool_get_bulk(pool, objects, 10), 10);
    journal.n_to_refuse = 100000;
    journal.error = ENOSPC;
    errno = 0;
    size_t n_more = mempool_get_bulk(pool, objects + 10, N_OBJECTS - 10);
    assert_true(n_more < N_OBJECTS - 10);
    assert_int_equal(errno, ENOSPC);
    mempool_put_bulk(objects, 10 + n_more);
    assert_int_equal(mempool_destroy(pool), 0);
    assert_int_equal(journal.n_destructed, journal.n_constructed);
}

static void callbacks_may_use_pools(void **state) {
    (void)state;
    struct journal inner_journal = {0};
    struct mempool_options inner_options = options_of(&inner_journal);
    struct mempool *inner = pool_of_options(&inner_options);
    struct journal journal = {.other = inner};
    struct mempool_options options = options_of(&journal);
    struct mempool *pool = pool_of_options(&options);
    journal.own = pool;
    get_all(pool, objects, N_OBJECTS);
    put_all(objects, N_OBJECTS);
    mempool_thread_flush();
    mempool_trim(NULL);
    get_all(pool, objects, N_OBJECTS);
    put_all(objects, N_OBJECTS);
    journal.own = NULL;
    assert_int_equal(mempool_destroy(pool), 0);
    assert_int_equal(journal.n_destructed, journal.n_constructed);
    assert_int_equal(mempool_destroy(inner), 0);
    assert_int_equal(inner_journal.n_destructed, inner_journal.n_constructed);
}

static void heap_objects_are_constructed_too(void **state) {
    (void)state;
    struct journal journal = {0};
    struct mempool_options options = options_of(&journal);
    options.on_empty = MEMPOOL_HEAP;
    options.count = 10;
    struct mempool *pool = pool_of_options(&options);
    get_all(pool, objects, 100);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(((struct item *)objects[i])->mark, MARK);
    }
    put_all(objects, 100);
    assert_true(journal.n_constructed - journal.n_destructed <= 10);
    assert_int_equal(mempool_destroy(pool), 0);
    assert_int_equal(journal.n_destructed, journal.n_constructed);
}

static void *put_last_ones(void *unused) {
    put_all(objects + 50, 50);
    return unused;
}

static void late_puts_destruct_too(void **state) {
    (void)state;
    struct journal journal = {0};
    struct mempool_options options = options_of(&journal);
    struct mempool *pool = pool_of_options(&options);
    mempool_misuse_sink_set(-1);
    get_all(pool, objects, 100);
    assert_int_equal(mempool_destroy(pool), 100);
    assert_true(journal.n_constructed - journal.n_destructed >= 100);
    put_all(objects, 50);
    for (size_t i = 50; i < 100; i++) {
        assert_int_equal(((struct item *)objects[i])->mark, MARK);
    }
    thread_run(put_last_ones, NULL);
    assert_int_equal(journal.n_destructed, journal.n_constructed);
    mempool_misuse_sink_set(2);
}

static void get0_zeroes_what_was_constructed(void **state) {
    (void)state;
    struct journal journal = {0};
    struct mempool_options options = options_of(&journal);
    options.destruct = NULL;
    struct mempool *pool = pool_of_options(&options);
    static const struct item zeroes;
    void *object = mempool_get0(pool);
    assert_memory_equal(object, &zeroes, sizeof zeroes);
    mempool_put(object);
    assert_int_equal(mempool_destroy(pool), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_slot_is_constructed_once),
        cmocka_unit_test(trim_destructs_what_it_returns),
        cmocka_unit_test(refusal_keeps_its_errno),
        cmocka_unit_test(refusal_does_not_eat_the_limit),
        cmocka_unit_test(bulk_stops_at_a_refusal),
        cmocka_unit_test(callbacks_may_use_pools),
        cmocka_unit_test(heap_objects_are_constructed_too),
        cmocka_unit_test(late_puts_destruct_too),
        cmocka_unit_test(get0_zeroes_what_was_constructed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
