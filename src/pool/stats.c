/* SPDX-License-Identifier: MIT */
/* mempool_stats, mempool_list: sums over the threads' caches, without a lock but for the look at
 * what the pool is (pool/view.h). */
#include "pool/stats.h"

#include "base/attributes.h"
#include "base/bits.h"
#include "cache/thread.h"
#include "pool/registry.h"
#include "pool/view.h"

#include <errno.h>
#include <string.h>

/* What the caches of a pool add up to. */
struct sums {
    uint64_t gets, puts, cached, caches;
};

/* One thread's share; tried again when the thread changed hands meanwhile. */
static void add_thread(struct thread *thread, const struct pool_view *view, struct sums *sums) {
    uint32_t generation;
    struct sums here;
    do {
        memset(&here, 0, sizeof here);
        /* T4 pairs with T3 in cache/thread.c: what follows is of this generation, or it changes */
        generation = load_acquire(&thread->generation);
        const struct cache *cache = thread_peek(thread, view->cache_offset);
        if (cache == NULL || load_relaxed(&cache->depot) != &view->pool->depot) {
            return;
        }
        here.cached = cache_rounds(cache);
        here.gets = cache_gets(cache);
        here.puts = cache_puts(cache, here.cached, here.gets);
        here.caches = 1;
        /* T5 pairs with T3: a thread that ended meanwhile changed it first */
    } while (load_acquire(&thread->generation) != generation);
    sums->gets += here.gets;
    sums->puts += here.puts;
    sums->cached += here.cached;
    sums->caches += here.caches;
}

static void fill_stats(const struct pool_view *view, struct mempool_stats *ret) {
    const struct mempool *pool = view->pool;
    const struct depot *depot = &pool->depot;
    struct sums sums = {.gets = load_relaxed(&depot->gets), .puts = load_relaxed(&depot->puts)};
    for (struct thread *thread = threads_first(); thread != NULL; thread = thread->next_all) {
        add_thread(thread, view, &sums);
    }
    sums.puts -= load_relaxed(&depot->duplicates);
    uint64_t slots = load_relaxed(&depot->slots);
    memset(ret, 0, sizeof *ret);
    memcpy(ret->name, view->name, sizeof ret->name);
    ret->object_bytes = view->shape.object_bytes;
    ret->padded_bytes = view->shape.stride;
    /* Read at different moments, a put may be seen and its get not. */
    int64_t hot = (int64_t)(sums.gets - sums.puts);
    ret->hot = hot > 0 ? (uint64_t)hot : 0;
    ret->hot = ret->hot < slots ? ret->hot : slots;
    uint64_t limit = view->slot_limit < slots ? view->slot_limit : slots;
    ret->cold = limit > ret->hot ? limit - ret->hot : 0;
    ret->curr_stdalloc = load_relaxed(&pool->heap_live);
    ret->max_stdalloc = load_relaxed(&pool->heap_peak);
    ret->alloc_count = sums.gets + load_relaxed(&pool->heap_gets);
    ret->put_count = sums.puts + load_relaxed(&pool->heap_puts);
    ret->refused = load_relaxed(&depot->refused);
    ret->max_alloc = load_relaxed(&depot->peak);
    ret->max_alloc = ret->max_alloc > ret->hot ? ret->max_alloc : ret->hot;
    ret->count = view->count;
    ret->pool_misses = load_relaxed(&pool->heap_gets) + ret->refused +
                       (ret->max_alloc > ret->count ? ret->max_alloc - ret->count : 0);
    ret->limit = view->limit;
    ret->slabs = load_relaxed(&depot->n_slabs);
    ret->slab_bytes = ret->slabs * shape_slab_bytes(&view->shape);
    ret->cached = sums.cached;
    ret->depot = load_relaxed(&depot->rounds) + load_relaxed(&depot->parked_rounds);
    ret->caches = sums.caches;
    ret->misuses = load_relaxed(&depot->misuses);
}

void pool_stats_locked(struct mempool *pool, struct mempool_stats *ret) {
    struct pool_view view;
    pool_view_fill(pool, &view);
    fill_stats(&view, ret);
}

MEMPOOL_API int mempool_stats(const struct mempool *pool, struct mempool_stats *ret) {
    size_t struct_size = ret != NULL ? ret->struct_size : 0;
    struct mempool_stats stats;
    struct pool_view view;
    if (struct_size < offsetof(struct mempool_stats, misuses) || !pool_view_take(pool, &view)) {
        return -EINVAL;
    }
    fill_stats(&view, &stats);
    if (!pool_view_note_live(&view, stats.max_alloc)) {
        return -EINVAL; /* destroyed meanwhile */
    }
    stats.struct_size = min_size(struct_size, sizeof stats);
    memcpy(ret, &stats, stats.struct_size);
    return 0;
}

MEMPOOL_API size_t mempool_list(int (*visit)(struct mempool *pool, void *arg), void *arg) {
    uint64_t serial = UINT64_MAX;
    size_t visited = 0;
    struct mempool *pool;
    if (visit == NULL) {
        errno = EINVAL;
        return 0;
    }
    while ((pool = registry_next(&serial, false)) != NULL) {
        visited++;
        if (visit(pool, arg) != 0) {
            break;
        }
    }
    return visited;
}

MEMPOOL_API void mempool_thread_flush(void) {
    int saved_errno = errno;
    thread_flush();
    errno = saved_errno;
}
