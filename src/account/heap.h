/* SPDX-License-Identifier: MIT */
/* The accounted heap, for other parts of this layer. */
#ifndef MEMPOOL_ACCOUNT_HEAP_H
#define MEMPOOL_ACCOUNT_HEAP_H

#include <mempool/account.h>

/* The public functions on behalf of a caller at `site`. */
void *heap_malloc(size_t bytes, struct mempool_type *type, uintptr_t site);
void *heap_calloc(size_t n, size_t bytes, struct mempool_type *type, uintptr_t site);
void *heap_realloc(void *block, size_t bytes, uintptr_t site);
void heap_free(void *block, uintptr_t site);

#endif
