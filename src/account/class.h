/* SPDX-License-Identifier: MIT */
/* Size classes of the accounted heap.
 *
 * Multiples of 16 up to 128, then eight in each doubling: a block is at most an eighth longer than
 * what was asked for. Each class is a pool with tagged slots, made when it is first needed. Those
 * of up to 64 KiB are cached by threads. Above 32 KiB each block is a run of pages, a slab of its
 * own, of which only those that are used become resident; what is freed and not cached serves the
 * next block of any such size. Source: jemalloc's spacing of classes (Evans, 2006 on). */
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

/* Threads cache blocks up to this size, 64 KiB. */
#define CLASS_BYTES_CACHED \
    ((size_t)1 << (CLASS_SMALL_SHIFT + (HEAP_CACHES - CLASS_SMALL) / 8))

/* Where a class's cache is in threads' tables; of those that are not cached, behind their ends. */
static inline int32_t class_offset(uint32_t class) {
    return ((int32_t)class - HEAP_CACHES) * CACHE_BYTES;
}

/* The same by sixteenths, rounded up, of up to 1 KiB: most blocks of most programs. */
enum { CLASS_TABLE = 64, CLASS_TABLE_BYTES = CLASS_TABLE * 16 };
extern const int32_t class_offsets[CLASS_TABLE + 1];

/* Of up to 2 GiB; 0 bytes are one. */
static inline uint32_t class_of(size_t bytes) {
    uint32_t last = (uint32_t)(bytes - (bytes != 0));
    if (last < CLASS_SMALL * 16) {
        return last / 16;
    }
    uint32_t power = 31 - (uint32_t)__builtin_clz(last);
    /* The three bits behind the highest one choose among eight. */
    return (power - CLASS_SMALL_SHIFT) * 8 + (last >> (power - 3));
}

/* Where the cache is of a class that threads cache, by bytes. */
static inline int32_t class_offset_of(size_t bytes) {
    return bytes <= CLASS_TABLE_BYTES ? class_offsets[((uint32_t)bytes + 15) / 16]
                                     : class_offset(class_of(bytes));
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
