/* SPDX-License-Identifier: MIT */
/* Sorting in place: no memory, no recursion (libc's qsort may allocate). */
#ifndef MEMPOOL_BASE_SORT_H
#define MEMPOOL_BASE_SORT_H

#include <stddef.h>

/* n items of so many bytes, as qsort orders them; equal ones in no order. O(n log n) always. */
void sort_items(void *items, size_t n, size_t bytes,
                int (*compare)(const void *left, const void *right));

#endif
