/* SPDX-License-Identifier: MIT */
/* Data and code of a library, and code of the program.
 * expect: ^mempool: misuse: global pool=- obj=0x
 * expect: ^mempool: misuse: global pool=- obj=0x
 * expect: ^mempool: misuse: global pool=- obj=0x */
#include "misuse.h"

int main(void) {
    int (*function)(void) = main;
    void *code;
    memcpy(&code, &function, sizeof code);
    PUT_MISUSED(stdout);
    PUT_MISUSED((void *)(uintptr_t)mempool_version());
    PUT_MISUSED(code);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_GLOBAL, 3);
    return 0;
}
