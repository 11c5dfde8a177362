/* SPDX-License-Identifier: MIT */
/* Words in the environment that mean nothing are reported, each, and the others honoured.
 * environment: MEMPOOL_ON_MISUSE=no-such-kind=abort,double-put=frobnicate,tiny=abort,lonely
 * expect: ^mempool: misuse: bad-setting pool=-
 * expect: ^mempool: misuse: bad-setting pool=-
 * expect: ^mempool: misuse: bad-setting pool=-
 * expect: ^mempool: misuse: double-put pool=test:thing
 * expect: ^mempool: misuse: tiny pool=- obj=0x10
 * also: no-such-kind
 * also: frobnicate
 * also: lonely
 * exit: SIGABRT */
#include "misuse.h"

int main(void) {
    void *object = mempool_get(pool_of(64));
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_BAD_SETTING), 3);
    mempool_put(object);
    PUT_MISUSED(object);
    PUT_MISUSED((void *)(uintptr_t)16);
    return 0;
}
