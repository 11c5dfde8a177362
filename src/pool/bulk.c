/* SPDX-License-Identifier: MIT */
/* mempool_get_bulk, mempool_put_bulk: the door opened and shut once for many. */
#include "base/attributes.h"
#include "base/bits.h"
#include "cache/hit.h"
#include "pool/get.h"

#include <errno.h>

/* As many as the loaded magazine gives above its floor and before the next tick. */
MEMPOOL_HOT_INLINE size_t take_run(uintptr_t offset, void **objects, size_t wanted,
                                   uintptr_t site) {
    struct thread *thread = thread_current;
    uint32_t open = load_relaxed(&thread->open);
    if (MEMPOOL_UNLIKELY(offset >= open)) {
        return 0;
    }
    thread_shut_door(thread);
    struct cache *cache = thread_cache(thread, offset);
    struct round *top = load_relaxed(&cache->top);
    const struct round *floor = load_relaxed(&cache->floor);
    uint32_t left = load_relaxed(&cache->left);
    size_t run = top > floor ? (size_t)(top - floor) : 0;
    run = min_size(run, min_size(wanted, left));
    uint64_t live = record_make(site, load_relaxed(&thread->stamp), RECORD_LIVE);
    size_t got = 0;
    while (got < run && record_is_free(load_relaxed(top[-1].slot_record))) {
        top--;
        store_relaxed(top->slot_record, live);
        objects[got++] = top->object;
    }
    signal_fence();
    store_relaxed(&cache->top, top);
    store_relaxed(&cache->left, left - (uint32_t)got);
    thread_open_door(thread, open);
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
        size_t run = take_run(pool_cache_offset(pool), objects + got, n - got, site);
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
    uint32_t open = load_relaxed(&thread->open);
    if (MEMPOOL_UNLIKELY(offset >= open)) {
        return 0;
    }
    thread_shut_door(thread);
    struct cache *cache = thread_cache(thread, offset);
    struct round *top = load_relaxed(&cache->top);
    const struct round *ceiling = load_relaxed(&cache->ceiling);
    n = min_size(n, top < ceiling ? (size_t)(ceiling - top) : 0);
    uint64_t put = record_make(site, load_relaxed(&thread->stamp), RECORD_FREE);
    size_t given = 0;
    while (given < n && slot_find(objects[given], &descriptor, &slot_record) == SLOT_FOUND &&
           load_relaxed(&descriptor->cache_offset) == offset &&
           thread_got(thread, load_relaxed(slot_record))) {
        top->object = objects[given++];
        top->slot_record = slot_record;
        top++;
        signal_fence();
        store_relaxed(&cache->top, top);
        store_relaxed(slot_record, put);
    }
    thread_open_door(thread, open);
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
