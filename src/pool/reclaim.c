/* SPDX-License-Identifier: MIT */
/* Giving memory back. */
#include "pool/reclaim.h"

#include "base/bits.h"
#include "cache/drain.h"
#include "cache/thread.h"
#include "pool/registry.h"

#include <errno.h>

enum {
    STEP_NS = 25000,         /* one step's time; what is begun is finished */
    ROUNDS_A_VISIT = 512,
    PURGE_BYTES = 128 << 10, /* one madvise in a step: some 10 microseconds */
    IDLE_SECONDS = 5,        /* a slab this long empty */
};

_Atomic uint64_t reclaim_last_ms;
static struct sys_lock step_lock;
static uint32_t cursor; /* step_lock: the next place to visit */

/* step_lock: a slab on its way out, piece by piece, and whose it is. */
static struct slab *leaving;
static struct mempool *leaving_pool;

void reclaim_lock(void) {
    sys_lock_take(&step_lock);
}

void reclaim_unlock(void) {
    sys_lock_drop(&step_lock);
}

/* Detach an empty slab; the pool then waits for us before it ends. */
static struct slab *detach(struct mempool *pool, uint32_t before) {
    struct sys_signals signals;
    sys_signals_block(&signals);
    sys_lock_take(&pool->depot.lock);
    struct slab *slab = NULL;
    if (load_relaxed(&pool->depot.state) != DEPOT_UNUSED) {
        slab = depot_detach_empty(&pool->depot, before);
    }
    if (slab != NULL) {
        add_relaxed(&pool->retiring, 1);
    }
    sys_lock_drop(&pool->depot.lock);
    sys_signals_restore(&signals);
    return slab;
}

/* The destructor for each slot that was constructed; no lock is held. */
static void destruct_slots(struct mempool *pool, struct slab *slab) {
    const struct shape *shape = &pool->depot.shape;
    record *records = load_relaxed(&slab->records);
    char *start = space_chunk_address(load_relaxed(&slab->first_chunk));
    if (pool->destruct == NULL) {
        return;
    }
    for (uint32_t slot = 0; slot < shape->slots; slot++) {
        if (load_relaxed(&records[slot]) != 0) {
            pool->destruct(start + (size_t)slot * shape->stride, pool->arg);
            store_relaxed(&records[slot], 0);
        }
    }
}

static bool retire(struct mempool *pool, struct slab *slab, size_t purge_bytes) {
    struct sys_signals signals;
    sys_signals_block(&signals);
    bool done = slab_retire(slab, &pool->depot.shape, purge_bytes, pool->depot.number);
    sys_signals_restore(&signals);
    if (done) {
        /* K1 pairs with K2 in pool/destroy.c: our use of the pool is over */
        atomic_fetch_sub_explicit(&pool->retiring, 1, memory_order_release);
    }
    return done;
}

size_t reclaim_slab(struct mempool *pool, uint32_t before) {
    struct slab *slab = detach(pool, before);
    if (slab == NULL) {
        return 0;
    }
    size_t bytes = shape_slab_bytes(&pool->depot.shape);
    destruct_slots(pool, slab);
    (void)retire(pool, slab, SIZE_MAX);
    return bytes;
}

/* Rounds that nobody needed since the last step go home. The depot's lock is held. */
static void settle_depot(struct depot *depot) {
    (void)depot_send_home(depot, min_size(depot->rounds_low, ROUNDS_A_VISIT));
    depot->rounds_low = load_relaxed(&depot->rounds);
    depot_drop_spare(depot);
    depot_drop_idle_span(depot);
}

/* A slab long empty, detached, or NULL. The depot's lock is held. */
static struct slab *detach_idle(struct mempool *pool) {
    struct depot *depot = &pool->depot;
    uint32_t now = load_relaxed(&depot_seconds);
    struct slab *slab = NULL;
    if (now > IDLE_SECONDS) {
        slab = depot_detach_empty(depot, now - IDLE_SECONDS);
    }
    if (slab != NULL) {
        add_relaxed(&pool->retiring, 1);
    }
    return slab;
}

/* A piece of the slab that is on its way out; true: something was done. */
static bool go_on_leaving(void) {
    if (leaving == NULL) {
        return false;
    }
    if (retire(leaving_pool, leaving, PURGE_BYTES)) {
        leaving = NULL;
    }
    return true;
}

void reclaim_finish(struct mempool *pool) {
    struct sys_signals signals;
    sys_signals_block(&signals);
    if (sys_lock_try(&step_lock)) {
        while (leaving != NULL && leaving_pool == pool && go_on_leaving()) {
        }
        sys_lock_drop(&step_lock);
    }
    sys_signals_restore(&signals);
}

/* Signals are blocked. Passes by a pool whose lock somebody holds: there will be another visit.
 * `first`: of this step. */
static void visit(struct mempool *pool, bool first) {
    if (load_relaxed(&pool->depot.state) != DEPOT_ALIVE || !sys_lock_try(&pool->depot.lock)) {
        return;
    }
    if (load_relaxed(&pool->depot.state) == DEPOT_ALIVE) {
        if (first) {
            settle_depot(&pool->depot);
        }
        leaving = detach_idle(pool);
        leaving_pool = pool;
    }
    sys_lock_drop(&pool->depot.lock);
    if (leaving != NULL) {
        destruct_slots(pool, leaving);
    }
}

/* From pool to pool, staying with one as long as it has slabs to give, until the time is over or
 * all have been visited. */
static void go_round(uint64_t end_ns) {
    uint32_t left = registry_places();
    bool first = true;
    while (left > 0 && sys_clock_ns() < end_ns) {
        if (go_on_leaving()) {
            continue;
        }
        visit(registry_place(cursor), first);
        first = leaving == NULL;
        if (first) {
            cursor = cursor + 1 < registry_places() ? cursor + 1 : 0;
            left--;
        }
    }
}

void reclaim_step(uint64_t now_ms) {
    uint64_t last_ms = load_relaxed(&reclaim_last_ms);
    struct sys_signals signals;
    if (now_ms - last_ms < RECLAIM_PERIOD_MS ||
        !swap_if_relaxed(&reclaim_last_ms, &last_ms, now_ms)) {
        return;
    }
    int saved_errno = errno;
    uint64_t end_ns = sys_clock_ns() + STEP_NS;
    sys_signals_block(&signals);
    if (sys_lock_try(&step_lock)) {
        go_round(end_ns);
        sys_lock_drop(&step_lock);
    }
    sys_signals_restore(&signals);
    errno = saved_errno;
}

size_t reclaim_all(void) {
    size_t bytes = 0;
    uint64_t serial = UINT64_MAX;
    struct mempool *pool;
    while ((pool = registry_next(&serial)) != NULL) {
        struct sys_signals signals;
        size_t piece;
        sys_signals_block(&signals);
        sys_lock_take(&pool->depot.lock);
        if (load_relaxed(&pool->depot.state) == DEPOT_ALIVE) {
            (void)depot_send_home(&pool->depot, SIZE_MAX);
        }
        sys_lock_drop(&pool->depot.lock);
        sys_signals_restore(&signals);
        while ((piece = reclaim_slab(pool, UINT32_MAX)) > 0) {
            bytes += piece;
        }
    }
    return bytes;
}

/* One pool: everything free goes home, then every slab that is empty goes back. */
static size_t trim_pool(struct mempool *pool) {
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
    return bytes;
}

MEMPOOL_API size_t mempool_trim(struct mempool *pool) {
    int saved_errno = errno;
    size_t bytes = 0;
    uint64_t serial = UINT64_MAX;
    if (pool == NULL) {
        while ((pool = registry_next(&serial)) != NULL) {
            bytes += trim_pool(pool);
        }
    } else {
        enum mempool_misuse_kind kind = pool_check(pool);
        if (kind == MEMPOOL_MISUSE_KINDS) {
            bytes = trim_pool(pool);
        } else {
            pool_report_handle(pool, kind, MEMPOOL_SITE());
        }
    }
    errno = saved_errno;
    return bytes;
}
