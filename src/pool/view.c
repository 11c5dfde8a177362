/* SPDX-License-Identifier: MIT */
/* What a pool is, copied. */
#include "pool/view.h"

#include "pool/interrupting.h"
#include "pool/registry.h"

#include <string.h>

/* A lock held for a look; in a handler perhaps not. */
struct look {
    struct depot *depot;
    bool locked;
    struct sys_signals before;
};

static void look_begin(struct look *look, struct mempool *pool) {
    bool interrupting = thread_interrupted();
    look->depot = &pool->depot;
    look->locked = true;
    sys_signals_block(&look->before);
    if (interrupting) {
        look->locked = handler_lock(&look->depot->lock);
    } else {
        sys_lock_take(&look->depot->lock);
    }
}

static void look_end(const struct look *look) {
    if (look->locked) {
        sys_lock_drop(&look->depot->lock);
    }
    sys_signals_restore(&look->before);
}

void pool_view_fill(struct mempool *pool, struct pool_view *ret) {
    ret->pool = pool;
    ret->serial = load_relaxed(&pool->serial);
    ret->shape = pool->depot.shape;
    ret->cache_offset = pool->depot.cache_offset;
    ret->count = pool->depot.count;
    ret->limit = pool->limit;
    ret->slot_limit = pool->depot.slot_limit;
    memcpy(ret->name, pool->name, sizeof ret->name);
}

bool pool_view_take(const struct mempool *handle, struct pool_view *ret) {
    struct mempool *pool = registry_find(handle);
    struct look look;
    if (pool == NULL || load_relaxed(&pool->depot.state) != DEPOT_ALIVE) {
        return false;
    }
    look_begin(&look, pool);
    bool alive = load_relaxed(&pool->depot.state) == DEPOT_ALIVE;
    if (alive) {
        pool_view_fill(pool, ret);
    }
    look_end(&look);
    return alive;
}

bool pool_view_holds(const struct pool_view *view) {
    return load_relaxed(&view->pool->depot.state) == DEPOT_ALIVE &&
           load_relaxed(&view->pool->serial) == view->serial;
}

bool pool_view_note_live(const struct pool_view *view, uint64_t live) {
    struct look look;
    look_begin(&look, view->pool);
    bool holds = pool_view_holds(view);
    if (holds && live > load_relaxed(&view->pool->depot.peak)) {
        depot_note_live(&view->pool->depot, (size_t)live);
    }
    look_end(&look);
    return holds;
}

void pool_copy_name(struct mempool *pool, char ret[MEMPOOL_NAME_BYTES]) {
    struct look look;
    look_begin(&look, pool);
    memcpy(ret, pool->name, MEMPOOL_NAME_BYTES);
    look_end(&look);
}
