/* SPDX-License-Identifier: MIT */
/* From an address in the process to a number of ours: an open hash table. */
#ifndef MEMPOOL_VIEW_INDEX_H
#define MEMPOOL_VIEW_INDEX_H

#include "view/memory.h"

#include <stdbool.h>
#include <stdint.h>

struct view_index_entry {
    uint64_t key;
    uint32_t value; /* one more; 0: no entry */
};

struct view_index {
    struct view_index_entry *entries;
    size_t capacity; /* a power of two */
    size_t n;
};

/* Zero-filled, it has no room yet, and nothing is found in it. */

/* Room for n_max keys. False: no memory. */
bool view_index_init(struct view_index *index, size_t n_max, struct view_memory *memory);
/* False: full. */
bool view_index_add(struct view_index *index, uint64_t key, uint32_t value);
/* The same, with room for twice as many where it is full. False: no memory. */
bool view_index_add_growing(struct view_index *index, uint64_t key, uint32_t value,
                            struct view_memory *memory);
bool view_index_find(const struct view_index *index, uint64_t key, uint32_t *ret_value);

#endif
