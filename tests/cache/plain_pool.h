/* SPDX-License-Identifier: MIT */
/* Get and put as a pool without any policy does them: caches and a depot, nothing above. */
#ifndef TESTS_CACHE_PLAIN_POOL_H
#define TESTS_CACHE_PLAIN_POOL_H

#include "check.h"
#include "depots.h"

#include "cache/hit.h"
#include "cache/seat.h"
#include "cache/thread.h"

static inline uint32_t plain_offset(const struct depot *depot) {
    return depot_cache_offset(depot->number);
}

/* The calling thread attached, its table as long as this depot's cache needs. */
static inline struct cache *plain_cache(struct depot *depot) {
    uint32_t offset = plain_offset(depot);
    CHECK(thread_current != &thread_none || thread_attach());
    CHECK(offset < load_relaxed(&thread_current->table_bytes) ||
          thread_reach(thread_current, offset));
    return thread_cache(thread_current, offset);
}

/* NULL: the depot has none, within its limit and without drawing in other caches. */
static inline void *plain_get(struct depot *depot) {
    for (;;) {
        uint64_t before;
        void *object = cache_get_hit(plain_offset(depot), 1, &before);
        if (object != NULL) {
            return object;
        }
        struct cache *cache = plain_cache(depot);
        struct thread *thread = thread_current;
        thread_shut_door(thread);
        if (cache_settle_get(thread, cache)) {
            thread_open_door(thread);
            continue;
        }
        struct round round = {NULL, NULL};
        thread_slow_down(thread);
        sys_lock_take(&depot->lock);
        enum cache_verdict verdict = cache_refill(cache, depot, &round);
        if (verdict == CACHE_BYPASS && depot_take(depot, &round, true)) {
            bump_owned(&depot->gets, 1);
            verdict = CACHE_HIT;
        }
        if (verdict == CACHE_HIT) {
            CHECK(record_is_free(load_relaxed(round.slot_record)));
            store_relaxed(round.slot_record,
                          record_make(2, load_relaxed(&thread->stamp), RECORD_LIVE));
        }
        sys_lock_drop(&depot->lock);
        thread_leave_slow(thread);
        return verdict == CACHE_HIT ? round.object : NULL;
    }
}

static inline void plain_put(struct depot *depot, void *object) {
    struct descriptor *descriptor = NULL;
    struct round round = {object, NULL};
    while (!cache_put_hit(object, 3)) {
        CHECK(slot_find(object, &descriptor, &round.slot_record) == SLOT_FOUND);
        uint64_t value = load_relaxed(round.slot_record);
        CHECK(record_is_live(value));
        struct cache *cache = plain_cache(depot);
        struct thread *thread = thread_current;
        thread_shut_door(thread);
        if (thread_got(thread, value) && cache_settle_put(cache)) {
            thread_open_door(thread);
            continue;
        }
        thread_slow_down(thread);
        sys_lock_take(&depot->lock);
        bool bypass = cache_make_room(cache, depot, round) != CACHE_HIT;
        store_relaxed(round.slot_record,
                      record_make(4, load_relaxed(&thread->stamp), RECORD_FREE));
        if (bypass) {
            depot_give(depot, round);
            bump_owned(&depot->puts, 1);
        }
        sys_lock_drop(&depot->lock);
        thread_leave_slow(thread);
        return;
    }
}

/* At rest: all that threads have cached of a depot, and their counts. */
struct plain_sums {
    uint64_t cached, gets, puts, caches;
};

static inline struct plain_sums plain_sum(struct depot *depot) {
    struct plain_sums sums = {0, load_relaxed(&depot->gets), load_relaxed(&depot->puts), 0};
    for (struct thread *thread = threads_first(); thread != NULL; thread = thread->next_all) {
        uint32_t offset = plain_offset(depot);
        if (load_relaxed(&thread->in_use) && offset < load_relaxed(&thread->table_bytes) &&
            load_relaxed(&thread_cache(thread, offset)->depot) == depot) {
            const struct cache *cache = thread_cache(thread, offset);
            uint64_t rounds = cache_rounds(cache), gets = cache_gets(cache);
            sums.cached += rounds;
            sums.gets += gets;
            sums.puts += cache_puts(cache, rounds, gets);
            sums.caches++;
        }
    }
    return sums;
}

/* At rest: what is neither at home, nor in the depot, nor cached, is live. */
static inline void plain_check(struct depot *depot, uint64_t n_live) {
    struct plain_sums sums = plain_sum(depot);
    depot_check(depot);
    CHECK_EQUAL(depot_out(depot), sums.cached + n_live);
    CHECK_EQUAL(sums.gets - sums.puts, n_live);
}

static inline void plain_nothing_deferred(struct thread *thread) {
    CHECK(load_relaxed(&thread->n_deferred) == 0);
}

static inline void plain_begin(struct depot *depot, size_t object_bytes, uint32_t number) {
    seats_choose(SEATS_NEVER); /* they are not for such plain ones */
    depot_begin(depot, object_bytes, number);
    CHECK(threads_init(plain_nothing_deferred) == 0);
}

#endif
