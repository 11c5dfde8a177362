/* SPDX-License-Identifier: MIT */
/* `all` means every kind, here one that is reported by default.
 * environment: MEMPOOL_ON_MISUSE=all=abort
 * expect: ^mempool: misuse: tiny pool=- obj=0x10
 * exit: SIGABRT */
#include "misuse.h"

int main(void) {
    PUT_MISUSED((void *)(uintptr_t)16);
    return 0;
}
