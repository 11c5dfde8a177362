/* SPDX-License-Identifier: MIT */
/* All pools. */
#include "pool/registry.h"

#include <string.h>

struct sys_lock registry_lock;

_Static_assert(sizeof(struct mempool) <= POOL_BYTES, "a pool fits its place");

enum {
    REUSE_AFTER = 256, /* places that wait before the first is used again */
};

static struct list alive = {&alive, &alive};
static struct list waiting = {&waiting, &waiting};
static uint32_t n_waiting;
static _Atomic uint32_t n_places;
static uint64_t last_serial;

uint32_t registry_places(void) {
    /* G2 pairs with G1: the place is there */
    return load_acquire(&n_places);
}

struct mempool *registry_place(uint32_t number) {
    return (struct mempool *)(void *)(space.pools.start + (size_t)number * POOL_BYTES);
}

struct mempool *registry_find(const struct mempool *handle) {
    uintptr_t distance = (uintptr_t)handle - (uintptr_t)space.pools.start;
    if (!space.ready || distance % POOL_BYTES != 0 ||
        distance / POOL_BYTES >= registry_places()) {
        return NULL;
    }
    return registry_place((uint32_t)(distance / POOL_BYTES));
}

struct mempool *registry_take(void) {
    uint32_t n = load_relaxed(&n_places);
    if (n < POOLS_MAX && n_waiting < REUSE_AFTER) {
        struct mempool *pool = area_extend(&space.pools, POOL_BYTES);
        if (pool != NULL) {
            list_init(&pool->link);
            pool->depot.number = n;
            /* G1 pairs with G2 */
            store_release(&n_places, n + 1);
            space_root_set(ROOT_PLACES, n + 1);
            return pool;
        }
    }
    if (n_waiting == 0) {
        return NULL;
    }
    struct mempool *pool = list_entry(waiting.next, struct mempool, link);
    list_remove(&pool->link);
    n_waiting--;
    return pool;
}

void registry_give(struct mempool *pool) {
    list_append(&waiting, &pool->link);
    n_waiting++;
}

void registry_list(struct mempool *pool) {
    store_relaxed(&pool->serial, ++last_serial);
    list_push(&alive, &pool->link);
}

void registry_unlist(struct mempool *pool) {
    list_remove(&pool->link);
}

struct mempool *registry_next(uint64_t *serial, bool heap_classes) {
    struct sys_signals before;
    struct mempool *found = NULL;
    sys_signals_block(&before);
    sys_lock_take(&registry_lock);
    for (struct list *at = alive.next; at != &alive && found == NULL; at = at->next) {
        struct mempool *pool = list_entry(at, struct mempool, link);
        if (load_relaxed(&pool->serial) < *serial && (heap_classes || !pool_is_heap_class(pool))) {
            found = pool;
        }
    }
    if (found != NULL) {
        *serial = load_relaxed(&found->serial);
    }
    sys_lock_drop(&registry_lock);
    sys_signals_restore(&before);
    return found;
}
