/* SPDX-License-Identifier: MIT */
/* Compiler attributes under names that say what they are for. */
#ifndef MEMPOOL_BASE_ATTRIBUTES_H
#define MEMPOOL_BASE_ATTRIBUTES_H

/* Exported from the shared library; everything else is hidden by default. */
#define MEMPOOL_API __attribute__((visibility("default")))
/* Slow paths: out of line, out of the way of the hot code. */
#define MEMPOOL_COLD __attribute__((cold, noinline))
#define MEMPOOL_NOINLINE __attribute__((noinline))
/* The few functions that make up a hit: they must be one piece of code. */
#define MEMPOOL_HOT_INLINE static inline __attribute__((always_inline))
#define MEMPOOL_LIKELY(x) __builtin_expect(!!(x), 1)
#define MEMPOOL_UNLIKELY(x) __builtin_expect(!!(x), 0)
/* The call site of an exported function: its own return address. */
#define MEMPOOL_SITE() ((uintptr_t)__builtin_return_address(0))

#define MEMPOOL_CACHE_LINE 64

#endif
