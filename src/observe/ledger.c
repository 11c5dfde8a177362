/* SPDX-License-Identifier: MIT */
/* mempool_ledger: what the process's resident memory consists of.
 *
 * The system says what is resident in the arena, in the bookkeeping, and elsewhere; the pools say
 * what their slots are used for. Slots in use that were never written are not resident: that part
 * is subtracted as `untouched`, so that the sum is exact. */
#include "observe/ledger.h"

#include "account/books.h"
#include "base/attributes.h"
#include "pool/registry.h"
#include "pool/runtime.h"
#include "pool/stats.h"
#include "vm/blocks.h"

#include <errno.h>
#include <string.h>

/* Resident bytes of a pool's slabs. Slabs are found through the descriptors, as walks do. */
static uint64_t resident_of(const struct depot *depot) {
    size_t chunks = load_relaxed(&space.arena_used) >> CHUNK_SHIFT;
    uint64_t resident = 0;
    for (size_t chunk = 0; chunk < chunks; chunk++) {
        const struct descriptor *descriptor = &space.descriptors[chunk];
        const struct slab *slab = load_relaxed(&descriptor->slab);
        if (slab != NULL && load_relaxed(&descriptor->reciprocal) != 0 &&
            load_relaxed(&slab->owner) == depot) {
            resident += sys_resident_bytes(space_chunk_address((uint32_t)chunk), CHUNK_BYTES);
        }
    }
    return resident;
}

MEMPOOL_API int mempool_pool_ledger(const struct mempool *pool, struct mempool_ledger *ret) {
    struct mempool_stats stats = {.struct_size = sizeof stats};
    size_t struct_size = ret != NULL ? ret->struct_size : 0;
    if (struct_size < sizeof *ret || mempool_stats(pool, &stats) != 0) {
        return -EINVAL;
    }
    memset(ret, 0, sizeof *ret);
    ret->struct_size = sizeof *ret;
    ret->resident = resident_of(&pool->depot);
    ret->live = stats.hot * stats.object_bytes;
    ret->padding = stats.hot * (stats.padded_bytes - stats.object_bytes);
    ret->cached = (stats.cached + stats.depot) * stats.padded_bytes;
    uint64_t used = ret->live + ret->padding + ret->cached;
    if (ret->resident > used) {
        ret->free = ret->resident - used;
    } else {
        ret->untouched = used - ret->resident;
    }
    return 0;
}

/* Slots of a pool of the program's, or of a class of the heap: that one's accounts say how much of
 * its slots are bytes asked for. */
static void add_slots(struct mempool_ledger *ledger, const struct mempool *pool, uint64_t hot) {
    const struct shape *shape = &pool->depot.shape;
    uint64_t live = pool_is_heap_class(pool) ? 0 : hot * shape->object_bytes;
    ledger->live += live;
    ledger->padding += hot * shape->stride - live;
}

/* A pool in use, or a destroyed one: of that all that is not at home is live. Its lock is held, so
 * that no other pool takes its place meanwhile. */
static void add_pool(struct mempool_ledger *ledger, struct mempool *pool) {
    struct mempool_stats stats;
    uint32_t state = load_relaxed(&pool->depot.state);
    if (state == DEPOT_ZOMBIE) {
        add_slots(ledger, pool, depot_out(&pool->depot));
    } else if (state == DEPOT_ALIVE) {
        pool_stats_locked(pool, &stats);
        add_slots(ledger, pool, stats.hot);
        ledger->cached += (stats.cached + stats.depot) * stats.padded_bytes;
    }
}

static void add_pools(struct mempool_ledger *ledger) {
    struct sys_signals before;
    for (uint32_t i = 0; i < registry_places(); i++) {
        struct mempool *pool = registry_place(i);
        sys_signals_block(&before);
        sys_lock_take(&pool->depot.lock);
        add_pool(ledger, pool);
        sys_lock_drop(&pool->depot.lock);
        sys_signals_restore(&before);
    }
}

static int add_account(const struct mempool_account *account, void *arg) {
    struct mempool_ledger *ledger = arg;
    uint64_t live = account->live_bytes < ledger->padding ? account->live_bytes : ledger->padding;
    ledger->live += live;
    ledger->padding -= live;
    return 0;
}

/* One is kept, so that a ledger finds the process as the next one does. */
static struct ledger_room *_Atomic spare_room;

struct ledger_room *ledger_room_take(void) {
    if (runtime_start() != 0) {
        return NULL;
    }
    /* R1 pairs with R2: its last user is through with it */
    struct ledger_room *room = atomic_exchange_explicit(&spare_room, NULL, memory_order_acquire);
    return room != NULL ? room : block_take(sizeof *room);
}

void ledger_room_give(struct ledger_room *room) {
    if (room != NULL) {
        /* R2 pairs with R1: we are through with it */
        room = atomic_exchange_explicit(&spare_room, room, memory_order_release);
    }
    if (room != NULL) {
        block_give(room, sizeof *room);
    }
}

static size_t claim_named(struct ledger_room *room) {
    mappings_copy(&room->named);
    for (size_t i = 0; i < room->named.n; i++) {
        struct mapping *mapping = &room->named.list[i];
        room->claims[i] = (struct sys_claim){
            .start = mapping->start, .end = mapping->end, .resident = &mapping->resident};
    }
    return room->named.n;
}
_Static_assert((int)MAPPINGS_MAX < (int)LEDGER_CLAIMS_MAX, "all of them have a claim");

static uint64_t sum_named(const struct ledger_room *room) {
    uint64_t resident = 0;
    for (size_t i = 0; i < room->named.n; i++) {
        resident += room->named.list[i].resident;
    }
    return resident;
}

int ledger_take(struct mempool_ledger *ret, struct ledger_room *room) {
    struct sys_residency found = {
        .first_start = space.arena_start,
        .first_end = space.arena_start + space.arena_bytes,
        .second_start = (uintptr_t)space.reservation,
        .second_end = (uintptr_t)space.reservation + space.reservation_bytes,
        .claims = room->claims,
        .n_claims = claim_named(room),
        .claims_max = LEDGER_CLAIMS_MAX,
    };
    int result = sys_residency(&found);
    if (result != 0) {
        return result;
    }
    memset(ret, 0, sizeof *ret);
    ret->struct_size = sizeof *ret;
    add_pools(ret);
    (void)mempool_accounts(add_account, ret);
    uint64_t used = ret->live + ret->padding + ret->cached;
    ret->free = found.first > used ? found.first - used : 0;
    ret->untouched = used > found.first ? used - found.first : 0;
    ret->records = found.second;
    ret->libc_heap = found.libc_heap;
    ret->files = found.files;
    ret->stack = found.stack;
    ret->named = found.named + sum_named(room);
    ret->unexplained = found.anonymous;
    ret->resident = found.total;
    return 0;
}

MEMPOOL_API int mempool_ledger(struct mempool_ledger *ret) {
    int saved_errno = errno;
    if (ret == NULL || ret->struct_size < sizeof *ret) {
        return -EINVAL;
    }
    struct ledger_room *room = ledger_room_take();
    int result = room != NULL ? ledger_take(ret, room) : -ENOMEM;
    ledger_room_give(room);
    errno = saved_errno;
    return result;
}
