/* SPDX-License-Identifier: MIT */
/* Numbers for pieces of bytes: equal ones have the same, from 0 in order of appearance. */
#ifndef MEMPOOL_EXPORT_INTERN_H
#define MEMPOOL_EXPORT_INTERN_H

#include "view/memory.h"

#include <stdbool.h>
#include <stdint.h>

struct intern_entry {
    const void *bytes;
    size_t n;
};

struct intern {
    struct intern_entry *entries; /* by number */
    uint32_t *places;             /* of an open hash table: number + 1; 0: free */
    size_t n, mask;
};

/* With room for `most`; false: no memory. */
bool intern_begin(struct intern *intern, struct view_memory *memory, size_t most);
/* The bytes stay where they are. The caller knows that there is room. */
uint32_t intern_number(struct intern *intern, const void *bytes, size_t n);

#endif
