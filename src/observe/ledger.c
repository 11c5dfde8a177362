/* SPDX-License-Identifier: MIT */
/* mempool_ledger: what the process's resident memory consists of.
 *
 * The system says what is resident in the arena, in the bookkeeping, and elsewhere; the pools say
 * what their slots are used for. Slots in use that were never written are not resident: that part
 * is subtracted as `untouched`, so that the sum is exact. */
#include "account/books.h"
#include "base/attributes.h"
#include "pool/registry.h"
#include "pool/runtime.h"

#include <mempool/observe.h>

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

/* The program's pools and the heap's classes. */
static void add_pools(struct mempool_ledger *ledger) {
    uint64_t serial = UINT64_MAX;
    const struct mempool *pool;
    while ((pool = registry_next(&serial)) != NULL) {
        struct mempool_stats stats = {.struct_size = sizeof stats};
        if (mempool_stats(pool, &stats) == 0) {
            uint64_t slots = stats.hot * stats.padded_bytes;
            ledger->live += pool_is_heap_class(pool) ? 0 : stats.hot * stats.object_bytes;
            ledger->padding += slots - (pool_is_heap_class(pool) ? 0 : stats.hot *
                                                                       stats.object_bytes);
            ledger->cached += (stats.cached + stats.depot) * stats.padded_bytes;
        }
    }
}

static int add_account(const struct mempool_account *account, void *arg) {
    struct mempool_ledger *ledger = arg;
    uint64_t live = account->live_bytes < ledger->padding ? account->live_bytes : ledger->padding;
    ledger->live += live;
    ledger->padding -= live;
    return 0;
}

MEMPOOL_API int mempool_ledger(struct mempool_ledger *ret) {
    int saved_errno = errno;
    size_t struct_size = ret != NULL ? ret->struct_size : 0;
    struct sys_residency found = {.total = 0};
    if (struct_size < sizeof *ret) {
        return -EINVAL;
    }
    int result = runtime_start();
    memset(ret, 0, sizeof *ret);
    ret->struct_size = sizeof *ret;
    found.first_start = space.arena_start;
    found.first_end = space.arena_start + space.arena_bytes;
    found.second_start = (uintptr_t)space.reservation;
    found.second_end = found.second_start + space.reservation_bytes;
    if (result == 0) {
        result = sys_residency(&found);
    }
    if (result == 0) {
        add_pools(ret);
        (void)mempool_accounts(add_account, ret);
        uint64_t used = ret->live + ret->padding + ret->cached;
        ret->free = found.first > used ? found.first - used : 0;
        ret->untouched = used > found.first ? used - found.first : 0;
        ret->records = found.second;
        ret->libc_heap = found.libc_heap;
        ret->files = found.files;
        ret->stack = found.stack;
        ret->unexplained = found.anonymous;
        ret->resident = found.total;
    }
    errno = saved_errno;
    return result;
}
