/* SPDX-License-Identifier: MIT */
/* From "this put is not right" to the kind of misuse. */
#include "misuse/classify.h"

#include "cache/thread.h"

static enum mempool_misuse_kind classify_foreign(const void *address) {
    switch (sys_region_of(address, !thread_interrupted())) {
    case SYS_REGION_TINY:
        return MEMPOOL_MISUSE_TINY;
    case SYS_REGION_NON_CANONICAL:
        return MEMPOOL_MISUSE_NON_CANONICAL;
    case SYS_REGION_STACK:
        return MEMPOOL_MISUSE_STACK;
    case SYS_REGION_HEAP:
        return MEMPOOL_MISUSE_HEAP;
    case SYS_REGION_IMAGE:
        return MEMPOOL_MISUSE_GLOBAL;
    case SYS_REGION_MAPPED:
        return MEMPOOL_MISUSE_MAPPED;
    case SYS_REGION_UNMAPPED:
        break;
    }
    return MEMPOOL_MISUSE_UNMAPPED;
}

enum mempool_misuse_kind classify_put(const void *address, struct explanation *ret) {
    explain_address(address, ret);
    const struct mempool_description *description = &ret->description;
    switch (description->state) {
    case MEMPOOL_STATE_FOREIGN:
        return classify_foreign(address);
    case MEMPOOL_STATE_UNUSED:
        return MEMPOOL_MISUSE_RETURNED;
    case MEMPOOL_STATE_TAIL:
        return MEMPOOL_MISUSE_PAST_END;
    case MEMPOOL_STATE_VIRGIN:
    case MEMPOOL_STATE_LIVE:
    case MEMPOOL_STATE_FREE:
        break;
    }
    if (description->offset >= description->object_bytes) {
        return MEMPOOL_MISUSE_PAST_END;
    }
    if (description->offset > 0) {
        return MEMPOOL_MISUSE_INTERIOR;
    }
    if (description->state == MEMPOOL_STATE_LIVE) {
        return MEMPOOL_MISUSE_KINDS;
    }
    if (ret->depot_state == DEPOT_ZOMBIE) {
        return MEMPOOL_MISUSE_DEAD_OBJECT;
    }
    return description->state == MEMPOOL_STATE_VIRGIN ? MEMPOOL_MISUSE_NEVER_GOT
                                                      : MEMPOOL_MISUSE_DOUBLE_PUT;
}
