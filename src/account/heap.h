/* SPDX-License-Identifier: MIT */
/* The accounted heap, for other parts of this layer. */
#ifndef MEMPOOL_ACCOUNT_HEAP_H
#define MEMPOOL_ACCOUNT_HEAP_H

#include <mempool/account.h>

/* mempool_malloc_typed on behalf of a caller at `site`. */
void *heap_malloc(size_t bytes, struct mempool_type *type, uintptr_t site);

#endif
