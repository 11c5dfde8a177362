/* SPDX-License-Identifier: MIT */
/* The end of a pool. */
#include "pool/destroy.h"

#include "base/attributes.h"
#include "cache/drain.h"
#include "cache/thread.h"
#include "misuse/explain.h"
#include "misuse/report.h"
#include "pool/raced.h"
#include "pool/reclaim.h"
#include "pool/recorder.h"
#include "pool/registry.h"
#include "sys/probes.h"

#include <errno.h>
#include <string.h>

enum {
    SITES_COUNTED = 64, /* distinct call sites kept apart when counting; later ones are not */
};

/* Live objects by the call site that got them. */
struct census {
    size_t live;
    int64_t oldest_seconds;
    uint32_t sites[SITES_COUNTED];
    size_t counts[SITES_COUNTED];
    size_t n_sites;
};

static void count_record(struct census *census, uint64_t value) {
    uint32_t site = record_site(value);
    int64_t age = thread_age(record_time(value));
    size_t i = 0;
    if (!record_is_live(value)) {
        return;
    }
    census->live++;
    if (age > census->oldest_seconds) {
        census->oldest_seconds = age;
    }
    while (i < census->n_sites && census->sites[i] != site) {
        i++;
    }
    if (i == census->n_sites && i < SITES_COUNTED) {
        census->sites[i] = site;
        census->n_sites++;
    }
    if (i < SITES_COUNTED) {
        census->counts[i]++;
    }
}

/* The depot's lock is held. */
static void take_census(const struct depot *depot, struct census *census) {
    memset(census, 0, sizeof *census);
    (void)thread_clock();
    for (struct list *at = depot->slabs.next; at != &depot->slabs; at = at->next) {
        const struct slab *slab = list_entry(at, struct slab, sibling);
        for (uint32_t slot = 0; slot < depot->shape.slots; slot++) {
            const record *records = load_relaxed(&slab->records);
            count_record(census, load_relaxed(&records[shape_record_index(&depot->shape, slot)]));
        }
    }
}

/* The most frequent sites, most first. */
static void rank_sites(struct census *census, struct report *report) {
    for (int rank = 0; rank < REPORT_SITES; rank++) {
        size_t best = 0;
        for (size_t i = 1; i < census->n_sites; i++) {
            best = census->counts[i] > census->counts[best] ? i : best;
        }
        if (census->n_sites == 0 || census->counts[best] == 0) {
            return;
        }
        report->sites[rank].site = sys_code_address(census->sites[best], !thread_interrupted());
        report->sites[rank].count = census->counts[best];
        census->counts[best] = 0;
    }
}

bool zombie_is_over(struct mempool *pool) {
    struct depot *depot = &pool->depot;
    if (load_relaxed(&depot->state) != DEPOT_ZOMBIE ||
        load_relaxed(&depot->home) != load_relaxed(&depot->slots) ||
        load_relaxed(&pool->heap_live) != 0) {
        return false;
    }
    /* It stays a ZOMBIE to its slabs until zombie_end. */
    return !depot->ended && (depot->ended = true);
}

void zombie_end(struct mempool *pool) {
    struct sys_signals signals;
    while (reclaim_slab(pool, UINT32_MAX) > 0) {
    }
    if (reclaim_takes_over(pool)) {
        return;
    }
    /* K2 pairs with K1 in pool/reclaim.c: no one calls this pool's destructor any more */
    while (atomic_load_explicit(&pool->retiring, memory_order_acquire) != 0) {
        reclaim_finish(pool);
        sys_yield();
    }
    sys_signals_block(&signals);
    sys_lock_take(&registry_lock);
    store_relaxed(&pool->depot.state, DEPOT_UNUSED);
    if (!pool->depot.unreachable) {
        registry_give(pool);
    }
    sys_lock_drop(&registry_lock);
    sys_signals_restore(&signals);
}

/* What destroy found. */
struct ending {
    size_t live;
    bool over;
    struct census census;
};

/* Turn the pool into a zombie and count; registry_lock is held. */
static void condemn(struct mempool *pool, struct ending *ret) {
    struct depot *depot = &pool->depot;
    pool_set_cache_offset(pool, CACHE_OFFSET_NONE);
    registry_unlist(pool);
    recorder_destroyed(pool);
    sys_lock_take(&threads_lock);
    sys_lock_take(&depot->lock);
    for (struct list *at = depot->slabs.next; at != &depot->slabs; at = at->next) {
        slab_redirect(list_entry(at, struct slab, sibling), &depot->shape, CACHE_OFFSET_NONE);
    }
    store_relaxed(&depot->state, DEPOT_ZOMBIE);
    depot->unreachable = !drain_caches(depot, true);
    (void)depot_send_home(depot, SIZE_MAX);
    depot_close(depot);
    take_census(depot, &ret->census);
    ret->live = ret->census.live + (size_t)load_relaxed(&pool->heap_live);
    ret->over = zombie_is_over(pool);
    sys_lock_drop(&depot->lock);
    sys_lock_drop(&threads_lock);
}

MEMPOOL_COLD static void report_live(const struct mempool *pool, const char *name,
                                     struct ending *ending, uintptr_t site) {
    struct report report = {
        .kind = MEMPOOL_MISUSE_LIVE_AT_DESTROY,
        .address = pool,
        .pool_name = name,
        .site = site,
        .live = ending->live,
        .oldest_seconds = ending->census.oldest_seconds,
    };
    rank_sites(&ending->census, &report);
    report_misuse(&report);
}

size_t pool_destroy(struct mempool *handle, uintptr_t site) {
    int saved_errno = errno;
    struct sys_signals signals;
    struct ending ending = {.live = 0};
    char name[MEMPOOL_NAME_BYTES];
    if (handle == NULL) {
        return 0;
    }
    sys_signals_block(&signals);
    sys_lock_take(&registry_lock);
    enum mempool_misuse_kind kind = pool_check(handle);
    if (kind == MEMPOOL_MISUSE_KINDS) {
        memcpy(name, handle->name, sizeof name);
        condemn(handle, &ending);
    }
    sys_lock_drop(&registry_lock);
    sys_signals_restore(&signals);
    if (kind != MEMPOOL_MISUSE_KINDS) {
        bool dead = kind == MEMPOOL_MISUSE_DEAD_POOL_GET;
        pool_report_handle(handle, dead ? MEMPOOL_MISUSE_DEAD_POOL_DESTROY : kind, site);
    } else {
        PROBE3(mempool, pool_destroy, handle, ending.live, &name[0]);
        pool_report_raced(handle, site);
        if (ending.over) {
            zombie_end(handle);
        }
    }
    if (ending.live > 0) {
        report_live(handle, name, &ending, site);
    }
    errno = saved_errno;
    return ending.live;
}

MEMPOOL_API size_t mempool_destroy(struct mempool *handle) {
    return pool_destroy(handle, MEMPOOL_SITE());
}
