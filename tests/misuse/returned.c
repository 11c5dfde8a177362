/* SPDX-License-Identifier: MIT */
/* An object is put, its slab goes back to the system, and the object is put again.
 * expect: ^mempool: misuse: returned pool=\S+ obj=0x */
#include "misuse.h"

int main(void) {
    enum { N_OBJECTS = 5000 };
    static void *objects[N_OBJECTS];
    struct mempool *pool = pool_of(200);
    CHECK_EQUAL(mempool_get_bulk(pool, objects, N_OBJECTS), N_OBJECTS);
    mempool_put_bulk(objects, N_OBJECTS);
    mempool_thread_flush();
    CHECK(mempool_trim(pool) > 0);
    CHECK_EQUAL(pool_stats(pool).slabs, 0);
    CHECK(address_state(objects[N_OBJECTS / 2]) == MEMPOOL_STATE_UNUSED);
    PUT_MISUSED(objects[N_OBJECTS / 2]);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_RETURNED, 1);
    check_pool_is_sound(pool);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return 0;
}
