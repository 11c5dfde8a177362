/* SPDX-License-Identifier: MIT */
/* The one number of a process: what of its pools and its accounted heap is live. */
#ifndef CLI_LIVE_BYTES_H
#define CLI_LIVE_BYTES_H

#include <stdint.h>

#include "export/derive.h"
#include "view/snapshot.h"

/** live_bytes: as asked for. Slots of the heap's classes do not count: its accounts do. */
static inline uint64_t live_bytes(const struct snapshot *snapshot) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < snapshot->n_pools; i++) {
        const struct snapshot_pool *pool = &snapshot->pools[i];
        bytes += pool->kind == SNAPSHOT_HEAP_CLASS ? 0 : derive_live_bytes(pool);
    }
    for (size_t i = 0; i < snapshot->n_accounts; i++) {
        bytes += snapshot->accounts[i].live_bytes;
    }
    return bytes;
}

#endif
