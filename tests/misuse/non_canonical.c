/* SPDX-License-Identifier: MIT */
/* Bit patterns that are no address of a 64-bit machine, and what a failed mmap returns.
 * expect: ^mempool: misuse: non-canonical pool=- obj=0xdeadbeefdeadbeef site=
 * expect: ^mempool: misuse: non-canonical pool=- obj=0x100000000000000 site=
 * expect: ^mempool: misuse: (non-canonical|unmapped|tiny) pool=- obj=0xffffffffffffffff site= */
#include "misuse.h"

int main(void) {
    PUT_MISUSED((void *)(uintptr_t)0xdeadbeefdeadbeefu);
    PUT_MISUSED((void *)(uintptr_t)0x0100000000000000u);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_NON_CANONICAL, 2);
    PUT_MISUSED((void *)UINTPTR_MAX);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 3);
    return 0;
}
