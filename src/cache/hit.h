/* SPDX-License-Identifier: MIT */
/* The hits: a get and a put that need nothing but the thread's own cache.
 *
 * Both do the same in the same order: one compare on the door, shut it, one compare on the gate,
 * one of the record, mark, move the top, open the door. No lock, no atomic read-modify-write;
 * every access is a plain load or store on the machines we know. A miss changes nothing. */
#ifndef MEMPOOL_CACHE_HIT_H
#define MEMPOOL_CACHE_HIT_H

#include "base/prefetch.h"
#include "cache/cache.h"
#include "cache/thread.h"

/* The halves of a hit, behind a shut door; `top` is the cache's. `thread` gets or puts; whose the
 * cache is, is another matter (cache/seat.h). */

/* May a get take the round below `top`? Its record, and what that is now; NULL: no. */
MEMPOOL_HOT_INLINE record *hit_may_take(const struct cache *cache, const struct round *top,
                                        uint64_t *ret_before) {
    if (MEMPOOL_UNLIKELY(top <= load_folded(&cache->floor))) {
        return NULL;
    }
    record *slot_record = top[-1].slot_record;
    *ret_before = load_folded(slot_record);
    return MEMPOOL_LIKELY(record_is_free_round(*ret_before)) ? slot_record : NULL;
}

/* Take it: mark it live, move the top. Its object. */
MEMPOOL_HOT_INLINE void *hit_take(const struct thread *thread, struct cache *cache,
                                  struct round *top, record *slot_record, uintptr_t site) {
    store_relaxed(slot_record, record_make_ready(site, load_folded(&thread->stamp_live)));
    signal_fence();
    store_relaxed(&cache->top, top - 1);
    void *object = top[-1].object;
    if (object == NULL) {
        __builtin_unreachable(); /* spares the caller a test */
    }
    return object;
}

/* Have the next get's object and record near. Not worth it where a thread's own caches are warm
 * anyway. Behind the shut door, after a hit. */
MEMPOOL_HOT_INLINE void hit_prefetch_next(const struct cache *cache) {
    const struct round *top = load_relaxed(&cache->top);
    prefetch_to_write(top[-1].object);
    prefetch_to_write(top[-1].slot_record);
}

/* May a put lay a round at `top`, of an object that this thread got? */
MEMPOOL_HOT_INLINE bool hit_may_lay(const struct thread *thread, const struct cache *cache,
                                    const struct round *top, const record *slot_record) {
    return MEMPOOL_LIKELY(top < load_folded(&cache->ceiling)) &&
           MEMPOOL_LIKELY(thread_got(thread, load_folded(slot_record)));
}

/* Lay it: move the top, mark it free. */
MEMPOOL_HOT_INLINE void hit_lay(const struct thread *thread, struct cache *cache,
                                struct round *top, void *object, record *slot_record,
                                uintptr_t site) {
    top->object = object;
    top->slot_record = slot_record;
    signal_fence();
    store_relaxed(&cache->top, top + 1);
    store_relaxed(slot_record, record_make_ready(site, load_folded(&thread->stamp_free)));
}

/* A whole get behind a shut door, from `cache`. */
MEMPOOL_HOT_INLINE void *hit_get(const struct thread *thread, struct cache *cache, uintptr_t site,
                                 uint64_t *ret_before) {
    void *object = NULL;
    struct round *top = load_relaxed(&cache->top);
    record *slot_record = hit_may_take(cache, top, ret_before);
    uint32_t left = load_relaxed(&cache->left); /* 0: the tick is due */
    if (MEMPOOL_LIKELY(slot_record != NULL) && MEMPOOL_LIKELY(left != 0)) {
        store_relaxed(&cache->left, left - 1);
        object = hit_take(thread, cache, top, slot_record, site);
        /* The next get's object; below the last round lies the magazine's header, whose first word
         * is its own address: one that is not mapped would cost a walk of the page tables. */
        __builtin_prefetch(top[-2].object, 1);
    }
    return object;
}

/* An object, or NULL: a miss. `offset`: of the pool in the cache table. *ret_before: its record,
 * before. */
MEMPOOL_HOT_INLINE void *cache_get_hit(uintptr_t offset, uintptr_t site, uint64_t *ret_before) {
    struct thread *thread = thread_current;
    if (MEMPOOL_UNLIKELY(offset >= load_folded(&thread->open))) {
        return NULL;
    }
    thread_shut_door(thread);
    void *object = hit_get(thread, thread_cache(thread, offset), site, ret_before);
    thread_open_door(thread);
    return object;
}

/* True: put. False: a miss, an object that another thread got, or a misuse; nothing changed. */
MEMPOOL_HOT_INLINE bool cache_put_hit(void *object, uintptr_t site) {
    struct descriptor *descriptor;
    record *slot_record;
    if (MEMPOOL_UNLIKELY(slot_find(object, &descriptor, &slot_record) != SLOT_FOUND)) {
        return false;
    }
    struct thread *thread = thread_current;
    uint32_t offset = load_folded(&descriptor->cache_offset);
    if (MEMPOOL_UNLIKELY(offset >= load_folded(&thread->open))) {
        return false;
    }
    thread_shut_door(thread);
    struct cache *cache = thread_cache(thread, offset);
    struct round *top = load_relaxed(&cache->top);
    bool put = hit_may_lay(thread, cache, top, slot_record);
    if (put) {
        hit_lay(thread, cache, top, object, slot_record, site);
    }
    thread_open_door(thread);
    return put;
}

#endif
