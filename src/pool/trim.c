/* SPDX-License-Identifier: MIT */
/* Giving memory back at once: mempool_trim, and when memory is short. */
#include "cache/drain.h"
#include "cache/park.h"
#include "cache/thread.h"
#include "pool/raced.h"
#include "pool/reclaim.h"
#include "pool/registry.h"
#include "vm/blocks.h"

#include <errno.h>

/* What the arena and the bookkeeping keep for the next to need it; bytes. */
static size_t clean_arena(void) {
    struct sys_signals signals;
    size_t bytes = 0;
    size_t piece;
    sys_signals_block(&signals);
    while ((piece = slab_clean_arena(SIZE_MAX)) > 0) {
        bytes += piece;
    }
    bytes += blocks_trim();
    sys_signals_restore(&signals);
    return bytes;
}

size_t reclaim_all(void) {
    size_t bytes = clean_arena();
    uint64_t serial = UINT64_MAX;
    struct mempool *pool;
    while ((pool = registry_next(&serial, true)) != NULL) {
        struct sys_signals signals;
        size_t piece;
        sys_signals_block(&signals);
        sys_lock_take(&pool->depot.lock);
        if (load_relaxed(&pool->depot.state) == DEPOT_ALIVE) {
            (void)park_settle(&pool->depot, true);
            (void)depot_send_home(&pool->depot, SIZE_MAX);
        }
        sys_lock_drop(&pool->depot.lock);
        sys_signals_restore(&signals);
        while ((piece = reclaim_slab(pool, UINT32_MAX)) > 0) {
            bytes += piece;
        }
        pool_report_raced(pool, 0);
    }
    return bytes;
}

/* One pool: everything free goes home, then every slab that is empty goes back. */
static size_t trim_pool(struct mempool *pool, uintptr_t site) {
    struct sys_signals signals;
    struct depot *depot = &pool->depot;
    size_t bytes = 0;
    size_t piece;
    sys_signals_block(&signals);
    sys_lock_take(&threads_lock);
    sys_lock_take(&depot->lock);
    if (load_relaxed(&depot->state) == DEPOT_ALIVE) {
        (void)drain_caches(depot, false);
        (void)depot_send_home(depot, SIZE_MAX);
        depot_drop_spare(depot);
    }
    sys_lock_drop(&depot->lock);
    sys_lock_drop(&threads_lock);
    sys_signals_restore(&signals);
    while ((piece = reclaim_slab(pool, UINT32_MAX)) > 0) {
        bytes += piece;
    }
    sys_signals_block(&signals);
    sys_lock_take(&depot->lock);
    depot_drop_idle_span(depot);
    sys_lock_drop(&depot->lock);
    sys_signals_restore(&signals);
    pool_report_raced(pool, site);
    return bytes;
}

MEMPOOL_API size_t mempool_trim(struct mempool *pool) {
    uintptr_t site = MEMPOOL_SITE();
    int saved_errno = errno;
    size_t bytes = 0;
    uint64_t serial = UINT64_MAX;
    if (pool == NULL) {
        while ((pool = registry_next(&serial, true)) != NULL) {
            bytes += trim_pool(pool, site);
        }
        bytes += clean_arena();
    } else {
        enum mempool_misuse_kind kind = pool_check(pool);
        if (kind == MEMPOOL_MISUSE_KINDS) {
            bytes = trim_pool(pool, site);
        } else {
            pool_report_handle(pool, kind, site);
        }
    }
    errno = saved_errno;
    return bytes;
}
