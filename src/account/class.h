/* SPDX-License-Identifier: MIT */
/* Size classes of the accounted heap.
 *
 * Multiples of 16 up to 128, then eight in each doubling: a block is at most an eighth longer than
 * what was asked for. Each class is a pool with tagged slots, made when it is first needed. Those
 * below 256 KiB are cached by threads; above, each block is a slab of its own, of which only the
 * pages that are used become resident. Source: jemalloc's spacing of classes (Evans, 2006 on). */
#ifndef MEMPOOL_ACCOUNT_CLASS_H
#define MEMPOOL_ACCOUNT_CLASS_H

#include "base/attributes.h"
#include "pool/pool.h"

enum {
    CLASS_SMALL_SHIFT = 7, /* up to 128 bytes in steps of 16 */
    CLASS_SMALL = 8,
    CLASS_BYTES_MAX_SHIFT = 31,
    CLASSES = CLASS_SMALL + 8 * (CLASS_BYTES_MAX_SHIFT - CLASS_SMALL_SHIFT),
};

/* Threads cache blocks up to this size, 256 KiB. */
#define CLASS_BYTES_CACHED \
    ((size_t)1 << (CLASS_SMALL_SHIFT + (HEAP_CACHES - CLASS_SMALL) / 8))

/* The classes of up to 1 KiB: most blocks of most programs. */
enum { CLASS_TABLE = 64 };
extern const uint8_t class_table[CLASS_TABLE];

/* Of up to 2 GiB; 0 bytes are one. */
MEMPOOL_HOT_INLINE uint32_t class_of(size_t bytes) {
    uint32_t last = (uint32_t)(bytes - (bytes != 0));
    if (MEMPOOL_LIKELY(last < CLASS_TABLE * 16)) {
        return class_table[last / 16];
    }
    uint32_t power = 31 - (uint32_t)__builtin_clz(last);
    /* The three bits behind the highest one choose among eight. */
    return (power - CLASS_SMALL_SHIFT) * 8 + (last >> (power - 3));
}

static inline size_t class_bytes(uint32_t class) {
    if (class < CLASS_SMALL) {
        return (class + 1) * (size_t)16;
    }
    uint32_t power = CLASS_SMALL_SHIFT + (class - CLASS_SMALL) / 8;
    return ((size_t)1 << power) + ((class - CLASS_SMALL) % 8 + 1) * ((size_t)1 << (power - 3));
}

/* Makes creating exclusive. Rank: above the pools' locks; held across a fork. */
extern struct sys_lock classes_lock;

/* The pool of a class; NULL: no memory. */
struct mempool *class_pool(uint32_t class);

#endif
