/* SPDX-License-Identifier: MIT */
/* C11 atomics with the order in the name, so that a wrong order is visible in review.
 *
 * Plain loads and stores of _Atomic objects are not used: each use names its order. Relaxed is for
 * counters, for fields that one thread writes, and for fields that a lock guards and that others
 * may peep at. Every acquire/release carries a label that names its partner. */
#ifndef MEMPOOL_BASE_ATOMICS_H
#define MEMPOOL_BASE_ATOMICS_H

#include <stdatomic.h>
#include <stdint.h>

#define load_relaxed(p) atomic_load_explicit((p), memory_order_relaxed)
#define load_acquire(p) atomic_load_explicit((p), memory_order_acquire)
/* A relaxed load that the compiler may fold into the instruction that needs it, or repeat: gcc up
 * to 14 never folds an atomic load, which costs a hit a tenth of its instructions. Only for values
 * where a second reading would do no harm, in code that is short and fenced. */
#if defined(__SANITIZE_THREAD__)
#define MEMPOOL_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MEMPOOL_THREAD_SANITIZER 1
#endif
#endif
#if defined(MEMPOOL_THREAD_SANITIZER)
#define load_folded(p) load_relaxed(p)
#else
#define load_folded(p) (*(const __typeof__((void)0, *(p)) *)(uintptr_t)(p))
#endif
#define store_relaxed(p, v) atomic_store_explicit((p), (v), memory_order_relaxed)
#define store_release(p, v) atomic_store_explicit((p), (v), memory_order_release)
#define add_relaxed(p, v) atomic_fetch_add_explicit((p), (v), memory_order_relaxed)
#define exchange_relaxed(p, v) atomic_exchange_explicit((p), (v), memory_order_relaxed)
/* Compare and exchange: true when *p was *expected and is now v. */
#define swap_if_relaxed(p, expected, v)                                               \
    atomic_compare_exchange_strong_explicit((p), (expected), (v), memory_order_relaxed, \
                                            memory_order_relaxed)
#define swap_if_acquire(p, expected, v)                                               \
    atomic_compare_exchange_strong_explicit((p), (expected), (v), memory_order_acquire, \
                                            memory_order_relaxed)

/* A field that one thread writes and others read: add without a locked instruction. */
#define bump_owned(p, v) store_relaxed((p), load_relaxed(p) + (v))

/* Order between this thread and its own signal handlers: costs no instruction. */
#define signal_fence() atomic_signal_fence(memory_order_seq_cst)

#endif
