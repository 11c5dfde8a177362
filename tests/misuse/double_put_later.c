/* SPDX-License-Identifier: MIT */
/* Between the two puts of an object, its pool and others do much else.
 * expect: ^mempool: misuse: double-put pool=test:thing obj=0x[0-9a-f]+ site=put_late\+0x
 * also: ^\s.*\bput_early\+0x[0-9a-f]+ */
#include "misuse.h"

void put_early(void *object);
void put_late(void *object);

CALL_SITE void put_early(void *object) {
    mempool_put(object);
    CHECK(object != NULL);
}

CALL_SITE void put_late(void *object) {
    PUT_MISUSED(object);
}

int main(void) {
    enum { N_OBJECTS = 2000, VICTIM = 7 };
    struct mempool *pool = pool_of(64), *other = pool_of(48);
    void *objects[N_OBJECTS];
    CHECK_EQUAL(mempool_get_bulk(pool, objects, N_OBJECTS), N_OBJECTS);
    put_early(objects[VICTIM]);
    for (int i = VICTIM + 1; i < N_OBJECTS; i++) {
        mempool_put(objects[i]);
        if (i % 500 == 0) {
            check_pool_is_sound(other);
        }
    }
    mempool_thread_flush();
    put_late(objects[VICTIM]);
    mempool_put_bulk(objects, VICTIM);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_DOUBLE_PUT, 1);
    check_pool_is_sound(pool);
    CHECK_EQUAL(mempool_destroy(pool) + mempool_destroy(other), 0);
    return 0;
}
