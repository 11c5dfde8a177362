/* SPDX-License-Identifier: MIT */
/* The accounted heap, for other parts of the library. */
#ifndef MEMPOOL_ACCOUNT_HEAP_H
#define MEMPOOL_ACCOUNT_HEAP_H

#include <mempool/account.h>

/* The public functions on behalf of a caller at `site`. */
void *heap_malloc(size_t bytes, struct mempool_type *type, uintptr_t site);
void *heap_calloc(size_t n, size_t bytes, struct mempool_type *type, uintptr_t site);
void *heap_realloc(void *block, size_t bytes, uintptr_t site);
void heap_free(void *block, uintptr_t site);

/* The same where the account is known by its place, which is none of PLACE_NONE: the thread's
 * current component is not looked at. The slow way makes the account's component current. */
void *heap_malloc_at(size_t bytes, uint32_t place, uintptr_t site);
void *heap_calloc_at(size_t n, size_t bytes, uint32_t place, uintptr_t site);
void *heap_memdup(const void *bytes, size_t n, struct mempool_type *type, uintptr_t site);
char *heap_strndup(const char *text, size_t n, struct mempool_type *type, uintptr_t site);
int heap_vasprintf(char **ret, struct mempool_type *type, const char *format, va_list list,
                   uintptr_t site) __attribute__((format(printf, 3, 0)));

#endif
