/* SPDX-License-Identifier: MIT */
/* Later words change what earlier ones set: all kinds abort, but double puts and foreign pointers.
 * environment: MEMPOOL_ON_MISUSE=all=abort,double-put=report,foreign=report
 * expect: ^mempool: misuse: double-put pool=test:thing
 * expect: ^mempool: misuse: stack pool=-
 * expect: ^mempool: misuse: tiny pool=-
 * expect: ^mempool: misuse: live-at-destroy pool=test:thing
 * exit: SIGABRT */
#include "misuse.h"

int main(void) {
    struct mempool *pool = pool_of(64);
    char *object = mempool_get(pool), local[16];
    mempool_put(object);
    PUT_MISUSED(object);
    PUT_MISUSED(local);
    PUT_MISUSED((void *)(uintptr_t)16);
    CHECK(mempool_get(pool) != NULL);
    mempool_destroy(pool);
    return 0;
}
