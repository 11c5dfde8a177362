/* SPDX-License-Identifier: MIT */
/* Places in hash tables, of keys that another process or a file has chosen.
 *
 * Such keys could all be chosen to have one place, and then a table costs the square of what it
 * should. So the place depends on what they cannot know: where the table lies. A factor alone is
 * not enough, nor is that address exclusive-or'ed: keys that differ in high bits only do so in the
 * product. */
#ifndef MEMPOOL_BASE_HASH_H
#define MEMPOOL_BASE_HASH_H

#include "base/chance.h"

/* All 64 bits of it are as good as any. */
static inline uint64_t hash_of_key(uint64_t key, const void *table) {
    uint64_t state = key ^ (uintptr_t)table;
    return chance_next(&state);
}

#endif
