/* SPDX-License-Identifier: MIT */
/* Any address explained from the books: whose, which slot, live or not, who and when.
 *
 * Reads descriptors, slabs and records without a lock; what it tells is true of some moment during
 * the call where nobody creates or retires that very slab meanwhile. Async-signal-safe. */
#ifndef MEMPOOL_MISUSE_EXPLAIN_H
#define MEMPOOL_MISUSE_EXPLAIN_H

#include "depot/depot.h"

#include <mempool/mempool.h>

struct explanation {
    struct mempool_description description;
    uint64_t record_value;
    uint32_t tombstone; /* UNUSED: number of the pool whose slab was here last, if `had_slab` */
    bool had_slab;
    uint32_t depot_state;  /* enum depot_state of the owner, where there is one */
};

void explain_address(const void *address, struct explanation *ret);
/* Fill site, thread, age from a record's value. */
void explain_past(uint64_t record_value, struct mempool_description *ret);

#endif
