/* SPDX-License-Identifier: MIT */
/* mempool_put: the hit, the exchange, and the puts that are none. */
#include "pool/put.h"
#include "base/attributes.h"
#include "cache/hit.h"
#include "cache/park.h"
#include "cache/seat.h"
#include "misuse/classify.h"
#include "misuse/report.h"
#include "pool/destroy.h"
#include "pool/heap.h"
#include "pool/interrupting.h"
#include "pool/raced.h"
#include "pool/recorder.h"
#include "pool/registry.h"
#include "pool/sampled.h"
#include "pool/view.h"
#include "sys/probes.h"

#include <errno.h>
#include <string.h>

/* A put that is not right: find out what it is, report it. */
void pool_report_misput(const void *object, uintptr_t site, bool wrong_call) {
    struct explanation explanation;
    struct report report = {.address = object, .site = site};
    report.kind = classify_put(object, &explanation);
    if (wrong_call) {
        report.kind = MEMPOOL_MISUSE_WRONG_CALL;
    } else if (report.kind == MEMPOOL_MISUSE_KINDS) {
        /* It was not live when we looked, and is now: a second put that raced with a get. */
        report.kind = MEMPOOL_MISUSE_DOUBLE_PUT;
    }
    struct mempool_description *past = &explanation.description;
    if (past->state == MEMPOOL_STATE_UNUSED && explanation.had_slab &&
        explanation.tombstone < registry_places()) {
        struct mempool *place = registry_place(explanation.tombstone);
        if (load_relaxed(&place->depot.state) != DEPOT_ALIVE) {
            report.kind = MEMPOOL_MISUSE_DEAD_OBJECT;
        }
        pool_copy_name(place, past->pool_name);
    }
    report.pool = past->pool;
    report.pool_name = past->pool_name[0] != '\0' ? past->pool_name : NULL;
    report.past = past->state != MEMPOOL_STATE_FOREIGN ? past : NULL;
    if (past->pool != NULL) {
        add_relaxed(&past->pool->depot.misuses, 1);
    }
    report_misuse(&report);
}

static uint32_t stamp_now(const struct thread *thread) {
    return load_relaxed(&thread->stamp);
}

static struct mempool *pool_of_depot(struct depot *depot) {
    return list_entry(depot, struct mempool, depot);
}

enum put_outcome put_in_depot(struct depot *depot, struct round round) {
    bump_owned(&depot->puts, 1);
    recorder_put(round.object);
    if (load_relaxed(&depot->state) == DEPOT_ALIVE) {
        depot_give(depot, round);
        if (load_relaxed(&pool_of_depot(depot)->heap_live) == 0) {
            depot_relax(depot);
        }
        return PUT_DONE;
    }
    depot_round_home(depot, round);
    return zombie_is_over(pool_of_depot(depot)) ? PUT_LAST : PUT_DONE;
}

/* Past the caches, the depot's lock held; no handler. */
static enum put_outcome lay_in_depot(struct depot *depot, struct round round, uintptr_t site,
                                     uint32_t stamp) {
    uint64_t parked_record = record_make(site, stamp, RECORD_PARKED);
    bool room;
    if (put_hits_closed(depot)) {
        return put_mark_free(round, site, stamp) ? put_in_depot(depot, round) : PUT_MISUSE;
    }
    if (park_in_depot(depot, round, parked_record, true, &room)) {
        bump_owned(&depot->puts, 1);
        park_settle_some(depot);
        return PUT_DONE;
    }
    if (!room && park_alone(round, parked_record)) {
        return put_in_depot(depot, round);
    }
    return PUT_MISUSE;
}

static enum put_outcome put_past_caches(struct depot *depot, struct thread *thread,
                                        struct round round, uintptr_t site) {
    enum put_outcome outcome;
    struct pool_section section;
    pool_section_begin(&section);
    sys_lock_take(&depot->lock);
    outcome = lay_in_depot(depot, round, site, stamp_now(thread));
    sys_lock_drop(&depot->lock);
    pool_section_end(&section);
    return outcome;
}

/* The same without a lock: the hit's second half, once the cache has been settled. */
static enum put_outcome lay_in_settled(struct cache *cache, struct round round, uint64_t value,
                                       uintptr_t site) {
    const struct thread *self = thread_current;
    struct round *top = load_relaxed(&cache->top);
    if (top >= load_relaxed(&cache->ceiling)) {
        return PUT_AGAIN;
    }
    if (thread_seated) {
        return seat_lay(self, cache, top, round, value, site) ? PUT_DONE : PUT_AGAIN;
    }
    *top = round;
    signal_fence();
    store_relaxed(&cache->top, top + 1);
    store_relaxed(round.slot_record, record_make(site, stamp_now(self), RECORD_FREE));
    return PUT_DONE;
}

/* Into the cache at once (seat_may_lay); the depot's lock is held. */
static enum put_outcome lay_in_own(struct cache *cache, struct depot *depot, struct round round,
                                   uint64_t value, uint64_t free_record) {
    if (!swap_if_relaxed(round.slot_record, &value, free_record)) {
        return PUT_AGAIN;
    }
    return cache_make_room(cache, depot, round) == CACHE_HIT ? PUT_DONE
                                                              : put_in_depot(depot, round);
}

/* By another thread; the depot's lock is held. */
static enum put_outcome lay_in_others(struct cache *cache, struct depot *depot, struct round round,
                                      uintptr_t site, uint32_t stamp) {
    bool room = false;
    if (cache_bind(cache, depot) == CACHE_HIT) {
        bool put = park_in_cache(cache, depot, round, record_make(site, stamp, RECORD_PARKED),
                                 &room);
        cache_open_gates(cache);
        if (put) {
            return PUT_DONE;
        }
    }
    return room ? PUT_MISUSE : lay_in_depot(depot, round, site, stamp);
}

static enum put_outcome put_through_cache(struct depot *depot, struct thread *thread,
                                          uint32_t offset, struct round round, uintptr_t site) {
    enum put_outcome outcome;
    struct thread *holder = thread_enter(thread);
    if (MEMPOOL_UNLIKELY(holder == NULL)) {
        return put_past_caches(depot, thread, round, site);
    }
    struct cache *cache = thread_find_cache(holder, offset);
    if (MEMPOOL_UNLIKELY(cache == NULL)) {
        thread_leave(holder); /* of another processor than before */
        return PUT_AGAIN;
    }
    uint64_t value = load_relaxed(round.slot_record);
    bool own = seat_may_lay(thread, value);
    if (own && cache_settle_put(cache)) {
        outcome = lay_in_settled(cache, round, value, site);
        thread_leave(holder);
        return outcome;
    }
    thread_slow_down(holder);
    (void)thread_clock();
    sys_lock_take(&depot->lock);
    uint32_t stamp = stamp_now(thread);
    outcome = own ? lay_in_own(cache, depot, round, value, record_make(site, stamp, RECORD_FREE))
                  : lay_in_others(cache, depot, round, site, stamp);
    sys_lock_drop(&depot->lock);
    thread_leave_slow(holder);
    pool_put_deferred(thread);
    return outcome;
}

/* One try; the pointer may have changed its state since the last. */
static enum put_outcome put_once(void *object, uintptr_t site, bool heap,
                                 struct depot **ret_depot) {
    struct descriptor *descriptor;
    struct round round = {.object = object};
    if (slot_find(object, &descriptor, &round.slot_record) != SLOT_FOUND) {
        return PUT_MISUSE;
    }
    const struct slab *slab = load_relaxed(&descriptor->slab);
    struct depot *depot = slab != NULL ? load_relaxed(&slab->owner) : NULL;
    if (depot == NULL || !record_is_live(load_relaxed(round.slot_record))) {
        return PUT_MISUSE;
    }
    if ((depot->shape.tagged != 0) != heap) {
        return PUT_WRONG_CALL;
    }
    *ret_depot = depot;
    struct thread *thread = thread_current;
    if (thread == &thread_none && thread_attach()) {
        thread = thread_current;
    }
    if (thread_attached(thread) && thread_is_inside(thread)) {
        return put_interrupting(depot, thread, round, site);
    }
    seat_if_wanted();
    if (MEMPOOL_UNLIKELY(record_is_sampled(load_relaxed(round.slot_record)))) {
        pool_unsample(round);
        return PUT_AGAIN;
    }
    uint32_t offset = load_relaxed(&descriptor->cache_offset);
    if (!thread_attached(thread) || offset == CACHE_OFFSET_NONE || !thread_reach(thread, offset)) {
        return put_past_caches(depot, thread, round, site);
    }
    return put_through_cache(depot, thread, offset, round, site);
}

/* The start of a single allocation of a MEMPOOL_HEAP pool. */
static bool heap_owns(const void *object) {
    struct mempool_description description = {.struct_size = sizeof description};
    return heap_describe(object, &description, !thread_interrupted()) && description.offset == 0;
}

/* Of the heap's blocks the heap tells. */
static void trace_put(const void *object, bool heap) {
    if (object != NULL && !heap) {
        PROBE_PUT(object);
    }
}

MEMPOOL_NOINLINE bool pool_put_slow(void *object, uintptr_t site, bool heap) {
    int saved_errno = errno;
    struct depot *depot = NULL;
    enum put_outcome outcome = PUT_AGAIN;
    if (object == NULL || park_put(object, site, heap)) {
        trace_put(object, heap);
        return true;
    }
    while (outcome == PUT_AGAIN) {
        outcome = put_once(object, site, heap, &depot);
    }
    if (outcome == PUT_MISUSE && !heap && heap_put(object)) {
        outcome = PUT_DONE;
    } else if (outcome == PUT_MISUSE && heap && heap_owns(object)) {
        outcome = PUT_WRONG_CALL;
    }
    if (outcome == PUT_LAST) {
        zombie_end(pool_of_depot(depot));
    } else if (outcome != PUT_DONE) {
        pool_report_misput(object, site, outcome == PUT_WRONG_CALL);
    } else if (depot != NULL) {
        pool_report_raced(pool_of_depot(depot), site);
    }
    errno = saved_errno;
    bool put = outcome == PUT_DONE || outcome == PUT_LAST;
    if (put) {
        trace_put(object, heap);
    }
    return put;
}

MEMPOOL_API void mempool_put(void *object) {
    uintptr_t site = MEMPOOL_SITE();
    if (MEMPOOL_UNLIKELY(!cache_put_hit(object, site))) {
        (void)pool_put_slow(object, site, false);
        return;
    }
    PROBE_PUT(object);
}
