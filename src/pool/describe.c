/* SPDX-License-Identifier: MIT */
/* mempool_of, mempool_describe. */
#include "base/attributes.h"
#include "base/bits.h"
#include "cache/thread.h"
#include "misuse/explain.h"
#include "pool/heap.h"
#include "pool/registry.h"

#include <errno.h>
#include <string.h>

MEMPOOL_API struct mempool *mempool_of(const void *address) {
    struct explanation explanation;
    const struct mempool_description *description = &explanation.description;
    struct mempool_description heap;
    explain_address(address, &explanation);
    if (description->state == MEMPOOL_STATE_FOREIGN) {
        /* A handler that interrupted a get or put must not wait: who holds the lock may be waiting
         * for that get or put to end. */
        const struct thread *thread = thread_current;
        bool may_wait = !thread_attached(thread) || !thread_is_inside(thread);
        return heap_describe(address, &heap, may_wait) && heap.offset == 0 ? heap.pool : NULL;
    }
    bool live = description->state == MEMPOOL_STATE_LIVE && description->offset == 0;
    return live ? description->pool : NULL;
}

MEMPOOL_API int mempool_describe(const void *address, struct mempool_description *ret) {
    struct explanation explanation;
    struct mempool_description *description = &explanation.description;
    size_t struct_size = ret != NULL ? ret->struct_size : 0;
    if (struct_size < offsetof(struct mempool_description, age_seconds)) {
        return -EINVAL;
    }
    explain_address(address, &explanation);
    if (description->state == MEMPOOL_STATE_FOREIGN) {
        (void)heap_describe(address, description, false);
    } else if (description->state == MEMPOOL_STATE_UNUSED && explanation.had_slab &&
               explanation.tombstone < registry_places()) {
        const struct mempool *place = registry_place(explanation.tombstone);
        memcpy(description->pool_name, place->name, sizeof place->name);
        description->pool_destroyed = load_relaxed(&place->depot.state) != DEPOT_ALIVE;
    }
    memcpy(ret, description, min_size(struct_size, sizeof *description));
    ret->struct_size = min_size(struct_size, sizeof *description);
    return 0;
}
