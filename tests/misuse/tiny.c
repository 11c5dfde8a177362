/* SPDX-License-Identifier: MIT */
/* Small numbers in place of addresses: an offset from NULL, an error code.
 * expect: ^mempool: misuse: tiny pool=- obj=0x1 site=
 * expect: ^mempool: misuse: tiny pool=- obj=0x28 site= */
#include "misuse.h"

int main(void) {
    PUT_MISUSED((void *)(uintptr_t)1);
    PUT_MISUSED((void *)(uintptr_t)40);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_TINY, 2);
    return 0;
}
