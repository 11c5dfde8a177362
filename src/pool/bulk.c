/* SPDX-License-Identifier: MIT */
/* mempool_get_bulk, mempool_put_bulk: the door opened and shut once for many. */
#include "base/attributes.h"
#include "base/bits.h"
#include "cache/hit.h"
#include "pool/get.h"

#include <errno.h>

/* As many as the loaded magazine gives above its floor and before the next tick. */
MEMPOOL_HOT_INLINE size_t take_run(uint32_t offset, void **objects, size_t wanted,
                                   uintptr_t site) {
    struct thread *thread = thread_current;
    if (MEMPOOL_UNLIKELY(offset >= load_relaxed(&thread->open))) {
        return 0;
    }
    thread_shut_door(thread);
    struct cache *cache = thread_cache(thread, offset);
    size_t out = load_relaxed(&cache->out);
    size_t n = load_relaxed(&cache->in) - out;
    size_t floor = load_relaxed(&cache->floor);
    size_t run = n > floor ? n - floor : 0;
    run = min_size(run, min_size(wanted, load_relaxed(&cache->tick_at) - out));
    uint64_t live = record_make(site, thread->stamp + load_relaxed(&thread_time_stamp),
                                RECORD_LIVE);
    const struct round *rounds = load_relaxed(&cache->rounds);
    size_t got = 0;
    while (got < run) {
        const struct round *round = &rounds[n - 1 - got];
        if (MEMPOOL_UNLIKELY(record_state(load_relaxed(round->slot_record)) != RECORD_FREE)) {
            break;
        }
        store_relaxed(round->slot_record, live);
        objects[got++] = round->object;
    }
    signal_fence();
    store_relaxed(&cache->out, out + got);
    thread_open_door(thread);
    return got;
}

MEMPOOL_API size_t mempool_get_bulk(struct mempool *pool, void **objects, size_t n) {
    uintptr_t site = MEMPOOL_SITE();
    size_t got = 0;
    if (pool == NULL || (objects == NULL && n > 0)) {
        errno = EINVAL;
        return 0;
    }
    while (got < n) {
        size_t run = take_run(load_relaxed(&pool->cache_offset), objects + got, n - got, site);
        if (run == 0) {
            objects[got] = pool_get_slow(pool, site);
            if (objects[got] == NULL) {
                break;
            }
            run = 1;
        }
        got += run;
    }
    return got;
}

/* Put what lies at the front of `objects` as long as it belongs to one pool and its cache has
 * room; returns how many. */
MEMPOOL_HOT_INLINE size_t give_run(void *const *objects, size_t n, uintptr_t site) {
    struct descriptor *descriptor;
    record *slot_record;
    if (slot_find(objects[0], &descriptor, &slot_record) != SLOT_FOUND) {
        return 0;
    }
    struct thread *thread = thread_current;
    uint32_t offset = load_relaxed(&descriptor->cache_offset);
    if (MEMPOOL_UNLIKELY(offset >= load_relaxed(&thread->open))) {
        return 0;
    }
    thread_shut_door(thread);
    struct cache *cache = thread_cache(thread, offset);
    size_t in = load_relaxed(&cache->in);
    size_t loaded = in - load_relaxed(&cache->out);
    size_t capacity = load_relaxed(&cache->capacity);
    n = min_size(n, capacity > loaded ? capacity - loaded : 0);
    struct round *rounds = load_relaxed(&cache->rounds);
    uint64_t put = record_make(site, thread->stamp + load_relaxed(&thread_time_stamp),
                               RECORD_FREE);
    size_t given = 0;
    while (given < n && slot_find(objects[given], &descriptor, &slot_record) == SLOT_FOUND &&
           load_relaxed(&descriptor->cache_offset) == offset &&
           record_state(load_relaxed(slot_record)) == RECORD_LIVE) {
        rounds[loaded + given].object = objects[given];
        rounds[loaded + given].slot_record = slot_record;
        given++;
        signal_fence();
        store_relaxed(&cache->in, in + given);
        store_relaxed(slot_record, put);
    }
    thread_open_door(thread);
    return given;
}

MEMPOOL_API void mempool_put_bulk(void *const *objects, size_t n) {
    uintptr_t site = MEMPOOL_SITE();
    if (objects == NULL) {
        return;
    }
    while (n > 0) {
        size_t run = give_run(objects, n, site);
        if (run == 0) {
            pool_put_slow(*objects, site);
            run = 1;
        }
        objects += run;
        n -= run;
    }
}
