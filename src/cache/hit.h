/* SPDX-License-Identifier: MIT */
/* The hits: a get and a put that need nothing but the thread's own cache.
 *
 * Both do the same in the same order: one compare on the door, shut it, one compare on the gate,
 * one on the record, mark, move the counter, open the door. No lock, no atomic read-modify-write;
 * every access is a plain load or store on the machines we know. A miss changes nothing. */
#ifndef MEMPOOL_CACHE_HIT_H
#define MEMPOOL_CACHE_HIT_H

#include "cache/cache.h"
#include "cache/thread.h"

/* An object, or NULL: a miss. `offset`: of the pool in the cache table. */
MEMPOOL_HOT_INLINE void *cache_get_hit(uint32_t offset, uintptr_t site) {
    struct thread *thread = thread_current;
    if (MEMPOOL_UNLIKELY(offset >= load_relaxed(&thread->open))) {
        return NULL;
    }
    thread_shut_door(thread);
    struct cache *cache = thread_cache(thread, offset);
    size_t out = load_relaxed(&cache->out);
    size_t n = load_relaxed(&cache->in) - out;
    void *object = NULL;
    if (MEMPOOL_LIKELY(n > load_relaxed(&cache->floor) && out != load_relaxed(&cache->tick_at))) {
        const struct round *round = &load_relaxed(&cache->rounds)[n - 1];
        record *slot_record = round->slot_record;
        if (MEMPOOL_LIKELY(record_state(load_relaxed(slot_record)) == RECORD_FREE)) {
            uint32_t stamp = thread->stamp + load_relaxed(&thread_time_stamp);
            store_relaxed(slot_record, record_make(site, stamp, RECORD_LIVE));
            signal_fence();
            store_relaxed(&cache->out, out + 1);
            object = round->object;
        }
    }
    thread_open_door(thread);
    return object;
}

/* True: put. False: a miss, or a misuse; nothing changed. */
MEMPOOL_HOT_INLINE bool cache_put_hit(void *object, uintptr_t site) {
    struct descriptor *descriptor;
    record *slot_record;
    if (MEMPOOL_UNLIKELY(slot_find(object, &descriptor, &slot_record) != SLOT_FOUND)) {
        return false;
    }
    struct thread *thread = thread_current;
    uint32_t offset = load_relaxed(&descriptor->cache_offset);
    if (MEMPOOL_UNLIKELY(offset >= load_relaxed(&thread->open))) {
        return false;
    }
    thread_shut_door(thread);
    struct cache *cache = thread_cache(thread, offset);
    size_t in = load_relaxed(&cache->in);
    size_t n = in - load_relaxed(&cache->out);
    bool put = false;
    if (MEMPOOL_LIKELY(n < load_relaxed(&cache->capacity) &&
                       record_state(load_relaxed(slot_record)) == RECORD_LIVE)) {
        struct round *round = &load_relaxed(&cache->rounds)[n];
        round->object = object;
        round->slot_record = slot_record;
        signal_fence();
        store_relaxed(&cache->in, in + 1);
        uint32_t stamp = thread->stamp + load_relaxed(&thread_time_stamp);
        store_relaxed(slot_record, record_make(site, stamp, RECORD_FREE));
        put = true;
    }
    thread_open_door(thread);
    return put;
}

#endif
