/* SPDX-License-Identifier: MIT */
/* One bulk put holds an object twice, a foreign pointer and NULLs: the rest of it is put.
 * expect: ^mempool: misuse: double-put pool=test:thing obj=0x
 * expect: ^mempool: misuse: stack pool=- obj=0x */
#include "misuse.h"

int main(void) {
    struct mempool *pool = pool_of(64), *other = pool_of(1000);
    int local = 0;
    void *first = mempool_get(pool), *second = mempool_get(other), *third = mempool_get(pool);
    void *objects[] = {NULL, first, second, first, &local, NULL, third};
    errno = ERRNO_BEFORE;
    mempool_put_bulk(objects, sizeof objects / sizeof objects[0]);
    CHECK(errno == ERRNO_BEFORE);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_DOUBLE_PUT), 1);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_STACK), 1);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 2);
    CHECK_EQUAL(pool_live(pool) + pool_live(other), 0);
    check_pool_is_sound(pool);
    check_pool_is_sound(other);
    CHECK_EQUAL(mempool_destroy(pool) + mempool_destroy(other), 0);
    return 0;
}
