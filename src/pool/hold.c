/* SPDX-License-Identifier: MIT */
/* Holding all depots. */
#include "pool/hold.h"

#include "cache/drain.h"
#include "cache/park.h"
#include "cache/thread.h"
#include "pool/heap.h"
#include "pool/registry.h"
#include "pool/runtime.h"

_Atomic uint32_t pool_held;

void hold_lock(struct sys_signals *ret_before) {
    sys_signals_block(ret_before);
    sys_lock_take(&registry_lock);
    sys_lock_take(&threads_lock);
    runtime_lock_depots();
    sys_lock_take(&heap_lock);
}

void hold_unlock(const struct sys_signals *before) {
    sys_lock_drop(&heap_lock);
    runtime_drop_depots();
    sys_lock_drop(&threads_lock);
    sys_lock_drop(&registry_lock);
    sys_signals_restore(before);
}

static void hold(struct depot *depot) {
    if (load_relaxed(&depot->state) == DEPOT_ALIVE) {
        park_settle_all(depot);
        depot->held_tight = depot->tight;
        depot->held = true;
        depot->tight = true;
    }
}

static void let_go(struct mempool *pool) {
    struct depot *depot = &pool->depot;
    if (depot->held && load_relaxed(&depot->state) == DEPOT_ALIVE) {
        depot->held = false;
        /* While heap objects are live it has to stay tight: pool/heap.h. */
        depot->tight = depot->uncached || depot->held_tight || load_relaxed(&pool->heap_live) > 0;
    }
}

bool hold_begin(void) {
    if (!draw_in_all_caches()) {
        return false;
    }
    for (uint32_t i = 0; i < registry_places(); i++) {
        hold(&registry_place(i)->depot);
    }
    store_relaxed(&pool_held, 1);
    return true;
}

void hold_end(void) {
    for (uint32_t i = 0; load_relaxed(&pool_held) && i < registry_places(); i++) {
        let_go(registry_place(i));
    }
    store_relaxed(&pool_held, 0);
}
