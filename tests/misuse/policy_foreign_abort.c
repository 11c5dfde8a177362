/* SPDX-License-Identifier: MIT */
/* `foreign` means every kind from stack to non-canonical, and no other.
 * environment: MEMPOOL_ON_MISUSE=foreign=abort
 * expect: ^mempool: misuse: double-put pool=test:thing
 * expect: ^mempool: misuse: non-canonical pool=-
 * exit: SIGABRT */
#include "misuse.h"

int main(void) {
    void *object = mempool_get(pool_of(64));
    mempool_put(object);
    PUT_MISUSED(object);
    PUT_MISUSED((void *)(uintptr_t)0xdeadbeefdeadbeefu);
    return 0;
}
