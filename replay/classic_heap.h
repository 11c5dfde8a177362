/* SPDX-License-Identifier: MIT */
/* The classic accounted malloc, to compare with: a header in front of each block, a trailer behind,
 * a counter of each type under a lock. */
#ifndef REPLAY_CLASSIC_HEAP_H
#define REPLAY_CLASSIC_HEAP_H

#include <stddef.h>
#include <stdint.h>

/*
 * THEORY
 *
 * The accounting of the servers that the classic pool (classic.h) comes from. A component has a
 * record for each type of memory that it may allocate; a type is a small number. A block comes from
 * malloc with a header of 32 bytes in front, which says component, type and size, and a trailer of
 * 8 bytes behind; both hold a word that a free looks at:
 *
 *   | type  size  component  magic | the caller's bytes | magic |
 *
 * Each allocation and each free takes the lock of the record. A free charges the component that
 * allocated, whoever calls. A realloc moves the difference: the original added the new size and
 * counted one more, and so drifted upwards; to copy that would make this one cheaper, not dearer.
 *
 * Invariants of a record, under its lock: size is the sum of its live blocks, num_allocs their
 * number; max_size >= size; total_allocs >= num_allocs.
 */

struct classic_component;

/* One type's counters, with the classic's names. */
struct classic_account {
    uint64_t size, max_size; /* bytes asked for of live blocks, and the most of that */
    uint64_t num_allocs, max_num_allocs;
    uint64_t total_allocs; /* allocations, ever */
};

/** classic_component_create: with types 0 .. n_types-1. NULL with errno ENOMEM. It lives as long as
 *  the process, as its blocks may. */
struct classic_component *classic_component_create(size_t n_types);

/** classic_malloc, classic_calloc: a block of `bytes` bytes, 0 too, aligned to 16. NULL: no memory;
 *  a type that the component does not have aborts. */
void *classic_malloc(struct classic_component *component, uint32_t type, size_t bytes);
void *classic_calloc(struct classic_component *component, uint32_t type, size_t bytes);

/** classic_realloc: component and type stay. NULL: no memory, and nothing changed. */
void *classic_realloc(void *block, size_t bytes);

/** classic_free: NULL is ignored; a header or trailer that was written over aborts. */
void classic_free(void *block);

/** classic_account_read: a type's counters at one moment. */
void classic_account_read(struct classic_component *component, uint32_t type,
                          struct classic_account *ret);

#endif
