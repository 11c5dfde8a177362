/* SPDX-License-Identifier: MIT */
/* Actions from the environment: foreign pointers go on being reported, a double put aborts.
 * environment: MEMPOOL_ON_MISUSE=double-put=abort,foreign=report,interior=report
 * expect: ^mempool: misuse: stack pool=- obj=0x
 * expect: ^mempool: misuse: interior pool=test:thing obj=0x
 * expect: ^mempool: misuse: double-put pool=test:thing obj=0x
 * exit: SIGABRT */
#include "misuse.h"

int main(void) {
    struct mempool *pool = pool_of(64);
    char *object = mempool_get(pool), local[16];
    PUT_MISUSED(local);
    PUT_MISUSED(object + 8);
    mempool_put(object);
    PUT_MISUSED(object);
    PUT_MISUSED(local);
    return 0;
}
