/* SPDX-License-Identifier: MIT */
/* mempool_get_bulk, mempool_put_bulk: the door opened and shut once for many. */
#include "base/attributes.h"
#include "base/bits.h"
#include "cache/hit.h"
#include "cache/seat.h"
#include "pool/pool.h"
#include "sys/probes.h"

#include <errno.h>

/* As many as the loaded magazine gives above its floor and before the next tick; the door is
 * shut. */
MEMPOOL_HOT_INLINE size_t take_from(struct cache *cache, const struct mempool *pool, void **objects,
                                    size_t wanted, uintptr_t site) {
    const struct thread *thread = thread_current;
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
        void *object = top->object;
        objects[got++] = object;
        PROBE_GET(pool, object);
    }
    signal_fence();
    store_relaxed(&cache->top, top);
    store_relaxed(&cache->left, left - (uint32_t)got);
    (void)pool; /* without probes */
    return got;
}

/* A seated thread's, from its processor's cache. */
MEMPOOL_NOINLINE static size_t take_seated(const struct mempool *pool, void **objects,
                                           size_t wanted, uintptr_t site) {
    size_t got = 0;
    uintptr_t offset = pool_cache_offset(pool);
    struct thread *seat = seat_take();
    if (seat == NULL) {
        return 0;
    }
    if (offset < load_relaxed(&seat->table_bytes)) {
        got = take_from(thread_cache(seat, offset), pool, objects, wanted, site);
    }
    seat_leave(seat);
    return got;
}

/* 0: a miss. */
MEMPOOL_HOT_INLINE size_t take_run(const struct mempool *pool, void **objects, size_t wanted,
                                   uintptr_t site) {
    struct thread *thread = thread_current;
    uintptr_t offset = pool_cache_offset(pool);
    uint32_t open = load_relaxed(&thread->open);
    if (MEMPOOL_UNLIKELY(offset >= open)) {
        return thread_seated ? take_seated(pool, objects, wanted, site) : 0;
    }
    thread_shut_door(thread);
    size_t got = take_from(thread_cache(thread, offset), pool, objects, wanted, site);
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
        size_t run = take_run(pool, objects + got, n - got, site);
        if (run == 0) {
            objects[got] = pool_get_slow(pool, site, 0);
            if (objects[got] == NULL) {
                break;
            }
            run = 1;
        }
        got += run;
    }
    return got;
}

/* What slot_find looks up in a chunk's descriptor, for object after object of the same chunk. */
struct chunk_view {
    size_t chunk;
    uint64_t reciprocal;
    record *records;
    uint32_t base;
    uint32_t cache_offset;
};

MEMPOOL_HOT_INLINE bool view_chunk(size_t offset, struct chunk_view *ret) {
    if (MEMPOOL_UNLIKELY(!space_covers(offset))) {
        return false;
    }
    const struct descriptor *descriptor = space_descriptor(offset);
    ret->chunk = offset >> CHUNK_SHIFT;
    ret->reciprocal = load_relaxed(&descriptor->reciprocal);
    ret->records = load_relaxed(&descriptor->records);
    ret->base = load_relaxed(&descriptor->base);
    ret->cache_offset = load_relaxed(&descriptor->cache_offset);
    return true;
}

/* Put what lies at the front of `objects` as long as it belongs to one pool, whose cache this is,
 * may be laid there at once, and there is room; how many. `view` is the first one's, the door
 * shut. */
MEMPOOL_HOT_INLINE size_t give_to(struct cache *cache, struct chunk_view view, void *const *objects,
                                  size_t n, uintptr_t site, bool seated) {
    const struct thread *thread = thread_current;
    uint32_t cache_offset = view.cache_offset;
    struct round *top = load_relaxed(&cache->top);
    const struct round *ceiling = load_relaxed(&cache->ceiling);
    n = min_size(n, top < ceiling ? (size_t)(ceiling - top) : 0);
    uint64_t put = record_make(site, load_relaxed(&thread->stamp), RECORD_FREE);
    uint32_t own = load_relaxed(&thread->own);
    size_t given = 0;
    while (given < n) {
        void *object = objects[given];
        size_t offset = space_offset(object);
        uint32_t slot;
        if (offset >> CHUNK_SHIFT != view.chunk &&
            (!view_chunk(offset, &view) || view.cache_offset != cache_offset)) {
            break;
        }
        if (!divide_exactly((uint32_t)((uint32_t)(uintptr_t)object - view.base), view.reciprocal,
                            &slot)) {
            break;
        }
        struct round round = {.object = object, .slot_record = &view.records[slot]};
        uint64_t value = load_relaxed(round.slot_record);
        if (seated) {
            if (!seat_may_lay(thread, value) || !seat_lay(thread, cache, top, round, value, site)) {
                break;
            }
            top++;
        } else {
            if ((((uint32_t)value ^ own) & RECORD_OWNER_MASK) != 0) {
                break;
            }
            *top = round;
            top++;
            signal_fence();
            store_relaxed(&cache->top, top);
            store_relaxed(round.slot_record, put);
        }
        given++;
        PROBE_PUT(object);
    }
    return given;
}

/* As take_seated. */
MEMPOOL_NOINLINE static size_t give_seated(const struct chunk_view *view, void *const *objects,
                                           size_t n, uintptr_t site) {
    size_t given = 0;
    struct thread *seat = seat_take();
    if (seat == NULL) {
        return 0;
    }
    if (view->cache_offset < load_relaxed(&seat->table_bytes)) {
        given = give_to(thread_cache(seat, view->cache_offset), *view, objects, n, site, true);
    }
    seat_leave(seat);
    return given;
}

/* 0: a miss, or a misuse. */
MEMPOOL_HOT_INLINE size_t give_run(void *const *objects, size_t n, uintptr_t site) {
    struct chunk_view view;
    struct thread *thread = thread_current;
    uint32_t open = load_relaxed(&thread->open);
    if (!view_chunk(space_offset(objects[0]), &view)) {
        return 0;
    }
    if (view.cache_offset >= open) {
        return thread_seated ? give_seated(&view, objects, n, site) : 0;
    }
    thread_shut_door(thread);
    size_t given = give_to(thread_cache(thread, view.cache_offset), view, objects, n, site, false);
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
            (void)pool_put_slow(*objects, site, false);
            run = 1;
        }
        objects += run;
        n -= run;
    }
}
