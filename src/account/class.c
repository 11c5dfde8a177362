/* SPDX-License-Identifier: MIT */
/* Size classes. */
#include "account/class.h"

#include "account/type.h"

static struct mempool *_Atomic pools[CLASSES];
struct sys_lock classes_lock;

#define AT(class) (((class) - HEAP_CACHES) * CACHE_BYTES)
#define TWICE(class) AT(class), AT(class)
#define FOUR(class) TWICE(class), TWICE(class)
const int32_t class_offsets[CLASS_TABLE + 1] = {
    AT(0), /* 0 bytes */
    AT(0), AT(1), AT(2), AT(3), AT(4), AT(5), AT(6), AT(7), /* to 128 */
    AT(8), AT(9), AT(10), AT(11), AT(12), AT(13), AT(14), AT(15), /* to 256 */
    TWICE(16), TWICE(17), TWICE(18), TWICE(19), TWICE(20), TWICE(21), TWICE(22), TWICE(23),
    FOUR(24), FOUR(25), FOUR(26), FOUR(27), FOUR(28), FOUR(29), FOUR(30), FOUR(31), /* to 1024 */
};

_Static_assert((HEAP_CACHES - CLASS_SMALL) % 8 == 0, "whole doublings are cached");

static struct mempool *make_class(uint32_t class) {
    struct sys_signals before;
    sys_signals_block(&before);
    sys_lock_take(&classes_lock);
    struct mempool *pool = load_relaxed(&pools[class]);
    if (pool == NULL) {
        uint32_t offset = class < HEAP_CACHES ? (uint32_t)class_offset(class)
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
