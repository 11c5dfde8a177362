/* SPDX-License-Identifier: MIT */
/* Ask early for a line that will be written.
 *
 * A line that another processor wrote last is fetched for reading first, and asked for once more
 * to be written; asked for at once it comes once. The compiler's own prefetch has the right
 * instruction only where it may assume newer processors than we do. On x86-64 those that lack it
 * do nothing. */
#ifndef MEMPOOL_BASE_PREFETCH_H
#define MEMPOOL_BASE_PREFETCH_H

#include "base/attributes.h"

#include <stdint.h>

#ifdef __x86_64__
MEMPOOL_HOT_INLINE void prefetch_to_write(const volatile void *address) {
    __asm__ volatile("prefetchw (%0)" : : "r"(address));
}
#else
MEMPOOL_HOT_INLINE void prefetch_to_write(const volatile void *address) {
    __builtin_prefetch((const void *)(uintptr_t)address, 1); /* NOLINT: without its qualifier */
}
#endif

#endif
