/* SPDX-License-Identifier: MIT */
/* Reporting racing puts. */
#include "pool/raced.h"

#include "misuse/explain.h"
#include "misuse/report.h"

void pool_report_racing(struct mempool *pool, const void *object, uintptr_t site) {
    struct explanation explanation;
    explain_address(object, &explanation); /* NULL: foreign, nothing known */
    struct report report = {
        .kind = MEMPOOL_MISUSE_RACING_PUT,
        .address = object,
        .pool = load_relaxed(&pool->depot.state) == DEPOT_ALIVE ? pool : NULL,
        .pool_name = pool->name,
        .site = site,
        .past = &explanation.description,
    };
    add_relaxed(&pool->depot.misuses, 1);
    report_misuse(&report);
}

void pool_report_raced_slow(struct mempool *pool, uintptr_t site) {
    struct depot *depot = &pool->depot;
    if (thread_interrupted()) {
        return; /* the call that a handler interrupted may hold the lock; another reports them */
    }
    const void *raced[DEPOT_RACED] = {NULL};
    struct sys_signals before;
    sys_signals_block(&before);
    sys_lock_take(&depot->lock);
    uint32_t n = load_relaxed(&depot->n_raced);
    for (uint32_t i = 0; i < n && i < DEPOT_RACED; i++) {
        raced[i] = depot->raced[i];
    }
    store_relaxed(&depot->n_raced, 0);
    sys_lock_drop(&depot->lock);
    sys_signals_restore(&before);
    for (uint32_t i = 0; i < n; i++) {
        pool_report_racing(pool, i < DEPOT_RACED ? raced[i] : NULL, site);
    }
}
