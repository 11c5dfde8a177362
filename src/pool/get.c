/* SPDX-License-Identifier: MIT */
/* mempool_get: the ladder from the hit down to the policy.
 *
 *      hit (cache/hit.h)
 *      settle: tick, low-water mark, swap of the two magazines       no lock
 *      refill: magazine from the depot, or carve                    depot's lock
 *      draw in what other threads cache                             threads' and depot's lock
 *      policy: grow was tried; heap, or refuse
 */
#include "base/attributes.h"
#include "cache/drain.h"
#include "cache/hit.h"
#include "cache/seat.h"
#include "misuse/report.h"
#include "pool/heap.h"
#include "pool/hold.h"
#include "pool/interrupting.h"
#include "pool/raced.h"
#include "pool/reclaim.h"
#include "pool/recorder.h"
#include "pool/sampled.h"
#include "sys/probes.h"

#include <errno.h>
#include <string.h>

/* A round taken out, marked live; what else its taker must do. */
struct taking {
    struct round round;
    size_t zero_bytes;   /* so much of it is to be zero; set by who asks */
    bool raw;            /* construct it */
    bool fresh;          /* it is zero */
    bool sampled;        /* its call stack is wanted */
    uint32_t duplicates; /* racing puts found on the way; report them */
};

static void *get_slow(struct mempool *pool, uintptr_t site, size_t zero_bytes);

static uint32_t stamp_now(const struct thread *thread) {
    return load_relaxed(&thread->stamp);
}

/* Mark the slot of a round live: true if the round was good. Marking comes before the round
 * leaves its magazine where the caller can order it so. */
static bool mark_live(struct taking *taking, uintptr_t site, uint32_t stamp) {
    record *slot_record = taking->round.slot_record;
    uint64_t value = load_relaxed(slot_record);
    if (!record_is_free(value) && value != RECORD_RAW) {
        taking->duplicates++;
        return false;
    }
    taking->raw = value == RECORD_RAW;
    taking->fresh = slot_is_fresh(value);
    store_relaxed(slot_record, record_make(site, stamp, RECORD_LIVE));
    return true;
}

/* From the depot, whose lock is held. */
static bool take_from_depot(struct mempool *pool, struct taking *taking, uintptr_t site,
                            uint32_t stamp, bool may_grow) {
    struct depot *depot = &pool->depot;
    while (heap_leaves_room(pool) && depot_take(depot, &taking->round, may_grow)) {
        if (mark_live(taking, site, stamp)) {
            bump_owned(&depot->gets, 1);
            taking->sampled = sample_is_on() && pool_sample_draw(pool);
            if (depot->tight) {
                depot_note_live(depot, depot_out(depot));
            }
            return true;
        }
        bump_owned(&depot->duplicates, 1);
    }
    return false;
}

/* A live-marked raw slot meets its constructor; when that refuses, the slot goes back. */
MEMPOOL_COLD static void *construct(struct mempool *pool, struct round round, uintptr_t site) {
    errno = ENOMEM;
    if (pool->construct == NULL || pool->construct(round.object, pool->arg) == 0) {
        return round.object;
    }
    int why = errno;
    pool_give_raw(pool, round, site);
    add_relaxed(&pool->depot.refused, 1);
    errno = why;
    return NULL;
}

/* All locks dropped, door open: what remains to be done for a taken round. */
static void *finish(struct mempool *pool, const struct taking *taking, uintptr_t site) {
    if (MEMPOOL_UNLIKELY(taking->duplicates > 0)) {
        pool_report_racing(pool, taking->round.object, site);
    }
    pool_report_raced(pool, site);
    if (MEMPOOL_UNLIKELY(load_relaxed(&pool_soft_due) != 0)) {
        pool_soft_limits();
    }
    void *object = taking->raw ? construct(pool, taking->round, site) : taking->round.object;
    /* A call for no bytes costs much where it touches a page that is not there. */
    if (object != NULL && taking->zero_bytes > 0 && !taking->fresh) {
        memset(object, 0, taking->zero_bytes);
    }
    if (MEMPOOL_UNLIKELY(taking->sampled) && object != NULL) {
        pool_sample_object(pool, taking->round, site);
    }
    return object;
}

MEMPOOL_COLD static void *refuse(struct mempool *pool, int why) {
    add_relaxed(&pool->depot.refused, 1);
    errno = why;
    return NULL;
}

/* Nothing free and no growth. */
MEMPOOL_COLD static void *apply_policy(struct mempool *pool, uintptr_t site, size_t zero_bytes) {
    if (pool->on_empty != MEMPOOL_HEAP) {
        bool want_of_memory = depot_out(&pool->depot) < pool->depot.slot_limit;
        /* What other pools have free may be what this one needs. */
        return want_of_memory && reclaim_all() > 0 ? get_slow(pool, site, zero_bytes)
                                                   : refuse(pool, ENOMEM);
    }
    bool try_slots;
    void *object = heap_get(pool, site, &try_slots);
    if (object != NULL) {
        return memset(object, 0, zero_bytes);
    }
    return try_slots ? get_slow(pool, site, zero_bytes) : refuse(pool, errno);
}

/* The pool may not grow and nothing is in reach: see what other threads' caches hold, and keep
 * them closed until there is plenty. Holds nothing; the calling thread is SLOW, or has its signals
 * blocked. */
MEMPOOL_COLD static bool take_drawn_in(struct mempool *pool, struct taking *taking, uintptr_t site,
                                       uint32_t stamp) {
    struct depot *depot = &pool->depot;
    bool taken = false;
    sys_lock_take(&threads_lock);
    sys_lock_take(&depot->lock);
    if (load_relaxed(&depot->state) == DEPOT_ALIVE) {
        if (!depot->tight) {
            depot->tight = true;
            (void)drain_caches(depot, false);
        }
        taken = take_from_depot(pool, taking, site, stamp, true);
    }
    sys_lock_drop(&depot->lock);
    sys_lock_drop(&threads_lock);
    return taken;
}

static bool may_draw_in(const struct depot *depot) {
    return depot->slot_limit != SIZE_MAX && !depot->tight;
}

/* Past the caches: the thread has none, or the pool is uncached. Signals are blocked, or the
 * thread is SLOW. */
static bool take_past_caches(struct mempool *pool, struct taking *taking, uintptr_t site,
                             uint32_t stamp) {
    struct depot *depot = &pool->depot;
    sys_lock_take(&depot->lock);
    bool alive = load_relaxed(&depot->state) == DEPOT_ALIVE;
    bool taken = alive && take_from_depot(pool, taking, site, stamp, true);
    bool draw_in = alive && !taken && may_draw_in(depot);
    sys_lock_drop(&depot->lock);
    return taken || (draw_in && take_drawn_in(pool, taking, site, stamp));
}

MEMPOOL_COLD static void *get_past_caches(struct mempool *pool, struct thread *thread,
                                          uintptr_t site, size_t zero_bytes) {
    struct taking taking = {.zero_bytes = zero_bytes};
    struct pool_section section;
    pool_section_begin(&section);
    bool taken = take_past_caches(pool, &taking, site, stamp_now(thread));
    pool_section_end(&section);
    /* There is no tick: each get looks at the clock. */
    reclaim_if_due(thread_clock());
    return taken ? finish(pool, &taking, site) : apply_policy(pool, site, zero_bytes);
}

/* In a signal handler that interrupted a get or put of its own thread. */
MEMPOOL_COLD static void *get_interrupting(struct mempool *pool, struct thread *thread,
                                           uintptr_t site, size_t zero_bytes) {
    struct depot *depot = &pool->depot;
    struct taking taking = {.zero_bytes = zero_bytes};
    struct sys_signals before;
    /* A handler that interrupts this one must find the lock free. */
    sys_signals_block(&before);
    /* Interrupted FAST, the thread holds no lock: new memory may be asked for. */
    bool may_grow = thread_stage(thread) == THREAD_FAST;
    bool locked = handler_lock(&depot->lock);
    bool taken = false;
    if (locked) {
        taken = load_relaxed(&depot->state) == DEPOT_ALIVE &&
                take_from_depot(pool, &taking, site, stamp_now(thread), may_grow);
        sys_lock_drop(&depot->lock);
    }
    sys_signals_restore(&before);
    if (taken) {
        return finish(pool, &taking, site);
    }
    if (!locked || !may_grow) {
        struct report report = {.kind = MEMPOOL_MISUSE_REENTERED,
                                .pool = pool,
                                .pool_name = pool->name,
                                .site = site};
        add_relaxed(&depot->misuses, 1);
        report_misuse(&report);
        return refuse(pool, EAGAIN);
    }
    return refuse(pool, ENOMEM);
}

/* What a miss led to. */
enum outcome { OUTCOME_AGAIN, OUTCOME_TAKEN, OUTCOME_NOTHING, OUTCOME_DEAD, OUTCOME_NO_CACHE };

/* Settled without a lock; the door is shut. Looks at the round that the hit would take. */
static enum outcome take_settled(struct cache *cache, struct taking *taking, uintptr_t site,
                                 uint32_t stamp) {
    struct round *top = load_relaxed(&cache->top);
    if (top <= load_relaxed(&cache->floor) || load_relaxed(&cache->left) == 0) {
        return OUTCOME_AGAIN;
    }
    taking->round = top[-1];
    if (!mark_live(taking, site, stamp)) {
        cache_drop_top(cache);
        return OUTCOME_AGAIN;
    }
    signal_fence();
    cache_count_get(cache);
    taking->sampled = cache_take_sample(cache);
    store_relaxed(&cache->top, top - 1);
    return OUTCOME_TAKEN;
}

/* With the depot; the door is shut. */
static enum outcome take_refilled(struct mempool *pool, struct cache *cache,
                                  struct taking *taking, uintptr_t site, uint32_t stamp) {
    struct depot *depot = &pool->depot;
    enum outcome outcome = OUTCOME_NOTHING;
    bool draw_in = false;
    sys_lock_take(&depot->lock);
    switch (cache_refill(cache, depot, &taking->round)) {
    case CACHE_HIT:
        outcome = mark_live(taking, site, stamp) ? OUTCOME_TAKEN : OUTCOME_AGAIN;
        taking->sampled = outcome == OUTCOME_TAKEN && cache_take_sample(cache);
        if (outcome == OUTCOME_AGAIN) {
            cache_uncount_get(cache);
        }
        break;
    case CACHE_BYPASS:
        if (take_from_depot(pool, taking, site, stamp, true)) {
            outcome = OUTCOME_TAKEN;
        } else {
            draw_in = may_draw_in(depot);
        }
        break;
    case CACHE_NOTHING:
        draw_in = may_draw_in(depot);
        break;
    case CACHE_NO_DEPOT:
        outcome = OUTCOME_DEAD;
        break;
    case CACHE_RETRY:
        outcome = OUTCOME_AGAIN;
        break;
    }
    sys_lock_drop(&depot->lock);
    if (draw_in && take_drawn_in(pool, taking, site, stamp)) {
        outcome = OUTCOME_TAKEN;
    }
    return outcome;
}

static enum outcome get_through_cache(struct mempool *pool, struct thread *thread, uint32_t offset,
                                      struct taking *taking, uintptr_t site) {
    enum outcome outcome;
    struct thread *holder = thread_enter(thread);
    if (MEMPOOL_UNLIKELY(holder == NULL)) {
        return OUTCOME_NO_CACHE;
    }
    struct cache *cache = thread_find_cache(holder, offset);
    if (MEMPOOL_UNLIKELY(cache == NULL)) {
        thread_leave(holder); /* of another processor than before */
        return OUTCOME_AGAIN;
    }
    if (cache_settle_get(holder, cache)) {
        outcome = take_settled(cache, taking, site, stamp_now(thread));
        thread_leave(holder);
        return outcome;
    }
    thread_slow_down(holder);
    outcome = take_refilled(pool, cache, taking, site, stamp_now(thread));
    thread_leave_slow(holder);
    pool_put_deferred(thread);
    return outcome;
}

MEMPOOL_COLD static void *refuse_handle(struct mempool *pool, uintptr_t site) {
    if (pool == NULL) {
        errno = EINVAL;
        return NULL;
    }
    pool_report_handle(pool, pool_check(pool), site);
    return NULL;
}

static void *get_slow(struct mempool *pool, uintptr_t site, size_t zero_bytes) {
    int saved_errno = errno;
    void *object = NULL;
    bool done = false;
    /* A place in reach of the table is an alive pool's: no need to look closer. */
    if (pool == NULL || (pool_cache_offset(pool) >= load_relaxed(&thread_current->open) &&
                         pool_check(pool) != MEMPOOL_MISUSE_KINDS)) {
        return refuse_handle(pool, site);
    }
    if (zero_bytes == GET_ZEROED) {
        zero_bytes = pool->depot.shape.object_bytes;
    }
    while (!done) {
        struct thread *thread = thread_current;
        if (thread == &thread_none && thread_attach()) {
            thread = thread_current;
        }
        uint32_t offset = (uint32_t)pool_cache_offset(pool);
        if (thread_attached(thread) && thread_is_inside(thread)) {
            object = get_interrupting(pool, thread, site, zero_bytes);
            break;
        }
        seat_if_wanted();
        struct taking taking = {.zero_bytes = zero_bytes};
        enum outcome outcome = OUTCOME_NO_CACHE;
        if (thread_attached(thread) && offset != CACHE_OFFSET_NONE &&
            thread_reach(thread, offset)) {
            outcome = get_through_cache(pool, thread, offset, &taking, site);
        }
        if (outcome == OUTCOME_NO_CACHE) {
            object = get_past_caches(pool, thread, site, zero_bytes);
            break;
        }
        done = outcome != OUTCOME_AGAIN;
        if (outcome == OUTCOME_TAKEN) {
            object = finish(pool, &taking, site);
        } else if (taking.duplicates > 0) {
            pool_report_racing(pool, taking.round.object, site);
        }
        if (outcome == OUTCOME_NOTHING) {
            object = apply_policy(pool, site, zero_bytes);
        } else if (outcome == OUTCOME_DEAD) {
            object = refuse_handle(pool, site);
        }
        reclaim_if_due(load_relaxed(&pool_held) ? thread_clock() : thread->tick_ms);
    }
    if (object != NULL) {
        errno = saved_errno;
    }
    return object;
}

/* A seated thread's hit, which is out of the way of others'; NULL: a miss. */
static void *get_seated(struct mempool *pool, uintptr_t site, size_t zero_bytes) {
    uint64_t before;
    void *object = seat_get(pool_cache_offset(pool), site, &before);
    if (object == NULL) {
        return NULL;
    }
    PROBE_GET(pool, object);
    if (zero_bytes != 0 && !slot_is_fresh(before)) {
        memset(object, 0, zero_bytes == GET_ZEROED ? pool->depot.shape.object_bytes : zero_bytes);
    }
    return object;
}

MEMPOOL_NOINLINE void *pool_get_slow(struct mempool *pool, uintptr_t site, size_t zero_bytes) {
    if (thread_seated && pool != NULL) {
        void *object = get_seated(pool, site, zero_bytes);
        if (MEMPOOL_LIKELY(object != NULL)) {
            return object;
        }
    }
    PROBE1(mempool, miss, pool);
    void *object = get_slow(pool, site, zero_bytes);
    if (object != NULL && !pool_is_heap_class(pool)) {
        recorder_got(pool, object, zero_bytes != 0);
        PROBE_GET(pool, object);
    }
    return object;
}

MEMPOOL_API void *mempool_get(struct mempool *pool) {
    uintptr_t site = MEMPOOL_SITE();
    uint64_t before;
    if (MEMPOOL_LIKELY(pool != NULL)) {
        void *object = cache_get_hit(pool_cache_offset(pool), site, &before);
        if (MEMPOOL_LIKELY(object != NULL)) {
            PROBE_GET(pool, object);
            return object;
        }
    }
    return pool_get_slow(pool, site, 0);
}

MEMPOOL_API void *mempool_get0(struct mempool *pool) {
    uintptr_t site = MEMPOOL_SITE();
    uint64_t before;
    void *object = pool != NULL ? cache_get_hit(pool_cache_offset(pool), site, &before) : NULL;
    if (MEMPOOL_UNLIKELY(object == NULL)) {
        return pool_get_slow(pool, site, GET_ZEROED);
    }
    PROBE_GET(pool, object);
    if (MEMPOOL_LIKELY(!slot_is_fresh(before))) {
        memset(object, 0, pool->depot.shape.object_bytes);
    }
    return object;
}
