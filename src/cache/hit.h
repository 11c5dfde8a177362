/* SPDX-License-Identifier: MIT */
/* The hits: a get and a put that need nothing but the thread's own cache.
 *
 * Both do the same in the same order: one compare on the door, shut it, one compare on the gate,
 * one of the record, mark, move the top, open the door. No lock, no atomic read-modify-write;
 * every access is a plain load or store on the machines we know. A miss changes nothing.
 *
 * The door is opened again with the value that was read before it was shut. Where a handler made
 * the table grow in between, that is too small: the next user of the new part goes the slow way
 * once, which sets it right. */
#ifndef MEMPOOL_CACHE_HIT_H
#define MEMPOOL_CACHE_HIT_H

#include "cache/cache.h"
#include "cache/thread.h"

/* Behind a shut door: an object, or NULL: a miss. */
MEMPOOL_HOT_INLINE void *hit_take(struct thread *thread, struct cache *cache, uint32_t open,
                                  uintptr_t site, record **ret_record) {
    struct round *top = load_relaxed(&cache->top);
    if (MEMPOOL_LIKELY(top > load_folded(&cache->floor))) {
        int32_t left = (int32_t)load_relaxed(&cache->left) - 1; /* below 0: the tick is due */
        record *slot_record = top[-1].slot_record;
        if (MEMPOOL_LIKELY(left >= 0 && record_is_free_round(load_folded(slot_record)))) {
            store_relaxed(slot_record,
                          record_make_ready(site, load_folded(&thread->stamp_live)));
            signal_fence();
            store_relaxed(&cache->top, top - 1);
            store_relaxed(&cache->left, (uint32_t)left);
            void *object = top[-1].object;
            /* The next get's object; below the last round lies the magazine's header, whose first
             * word does no harm as an address to prefetch. */
            __builtin_prefetch(top[-2].object, 1);
            thread_open_door(thread, open);
            if (object == NULL) {
                __builtin_unreachable(); /* spares the caller a test */
            }
            *ret_record = slot_record;
            return object;
        }
    }
    thread_open_door(thread, open);
    return NULL;
}

/* Behind a shut door: true: put. */
MEMPOOL_HOT_INLINE bool hit_lay_in(struct thread *thread, struct cache *cache, uint32_t open,
                                   void *object, record *slot_record, uintptr_t site) {
    struct round *top = load_relaxed(&cache->top);
    bool put = false;
    if (MEMPOOL_LIKELY(top < load_folded(&cache->ceiling) &&
                       thread_got(thread, load_folded(slot_record)))) {
        top->object = object;
        top->slot_record = slot_record;
        signal_fence();
        store_relaxed(&cache->top, top + 1);
        store_relaxed(slot_record, record_make_ready(site, load_folded(&thread->stamp_free)));
        put = true;
    }
    thread_open_door(thread, open);
    return put;
}

/* An object, or NULL: a miss. `offset`: of the pool in the cache table. */
MEMPOOL_HOT_INLINE void *cache_get_hit(uintptr_t offset, uintptr_t site) {
    struct thread *thread = thread_current;
    uint32_t open = load_relaxed(&thread->open);
    record *slot_record;
    if (MEMPOOL_UNLIKELY(offset >= open)) {
        return NULL;
    }
    thread_shut_door(thread);
    return hit_take(thread, thread_cache(thread, offset), open, site, &slot_record);
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
    uint32_t open = load_relaxed(&thread->open);
    if (MEMPOOL_UNLIKELY(offset >= open)) {
        return false;
    }
    thread_shut_door(thread);
    return hit_lay_in(thread, thread_cache(thread, offset), open, object, slot_record, site);
}

#endif
