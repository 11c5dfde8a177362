/* SPDX-License-Identifier: MIT */
/* The action is callback, but the program set none: the misuse is written all the same.
 * environment: MEMPOOL_ON_MISUSE=all=callback
 * expect: ^mempool: misuse: tiny pool=- obj=0x10 */
#include "misuse.h"

int main(void) {
    PUT_MISUSED((void *)(uintptr_t)16);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_TINY, 1);
    return 0;
}
