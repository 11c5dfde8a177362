/* SPDX-License-Identifier: MIT */
/* One thread puts an object and ends; another puts it again; the main thread got it.
 * expect: ^mempool: misuse: double-put pool=test:thing obj=0x[0-9a-f]+ site=second_thread\+0x
 * also: ^\s.*\bfirst_thread\+0x[0-9a-f]+ */
#include "misuse.h"

void *first_thread(void *object);
void *second_thread(void *object);

CALL_SITE void *first_thread(void *object) {
    mempool_put(object);
    CHECK(mempool_of(object) == NULL);
    return NULL;
}

CALL_SITE void *second_thread(void *object) {
    PUT_MISUSED(object);
    return NULL;
}

int main(void) {
    struct mempool *pool = pool_of(64);
    void *object = mempool_get(pool);
    thread_run(first_thread, object);
    thread_run(second_thread, object);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_DOUBLE_PUT, 1);
    check_pool_is_sound(pool);
    CHECK_EQUAL(pool_stats(pool).put_count, 301);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return 0;
}
