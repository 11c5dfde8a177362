/* SPDX-License-Identifier: MIT */
/* Size classes. */
#include "account/class.h"

#include "account/type.h"

static struct mempool *_Atomic pools[CLASSES];
struct sys_lock classes_lock;

const uint8_t class_table[CLASS_TABLE] = {
    /* by sixteenths */
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
    16, 16, 17, 17, 18, 18, 19, 19, 20, 20, 21, 21, 22, 22, 23, 23,
    24, 24, 24, 24, 25, 25, 25, 25, 26, 26, 26, 26, 27, 27, 27, 27,
    28, 28, 28, 28, 29, 29, 29, 29, 30, 30, 30, 30, 31, 31, 31, 31,
};

_Static_assert((HEAP_CACHES - CLASS_SMALL) % 8 == 0, "whole doublings are cached");

static struct mempool *make_class(uint32_t class) {
    struct sys_signals before;
    sys_signals_block(&before);
    sys_lock_take(&classes_lock);
    struct mempool *pool = load_relaxed(&pools[class]);
    if (pool == NULL) {
        uint32_t offset = class < HEAP_CACHES ? CACHE_OFFSET_HEAP + class * CACHE_BYTES
                                              : CACHE_OFFSET_NONE;
        pool = pool_create_heap_class(class_bytes(class), offset);
        /* C1 pairs with C2: the pool is whole */
        store_release(&pools[class], pool);
    }
    sys_lock_drop(&classes_lock);
    sys_signals_restore(&before);
    return pool;
}

struct mempool *class_pool(uint32_t class) {
    /* C2 pairs with C1 */
    struct mempool *pool = load_acquire(&pools[class]);
    return MEMPOOL_LIKELY(pool != NULL) ? pool : make_class(class);
}
