/* SPDX-License-Identifier: MIT */
/* An object is put twice in a row; the report names both call sites.
 * expect: ^mempool: misuse: double-put pool=test:thing obj=0x[0-9a-f]+ site=put_again\+0x
 * also: ^\s.*\bput_first\+0x[0-9a-f]+ */
#include "misuse.h"

void put_first(void *object);
void put_again(void *object);

CALL_SITE void put_first(void *object) {
    mempool_put(object);
    CHECK(object != NULL);
}

CALL_SITE void put_again(void *object) {
    PUT_MISUSED(object);
}

int main(void) {
    struct mempool *pool = pool_of(64);
    void *object = mempool_get(pool);
    put_first(object);
    put_again(object);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_DOUBLE_PUT, 1);
    CHECK_EQUAL(pool_stats(pool).misuses, 1);
    CHECK_EQUAL(pool_stats(pool).put_count, 1);
    check_pool_is_sound(pool);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return 0;
}
