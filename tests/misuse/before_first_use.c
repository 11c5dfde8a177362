/* SPDX-License-Identifier: MIT */
/* A foreign put is the first thing that the library hears of.
 * expect: ^mempool: misuse: tiny pool=- obj=0x63 site=
 * expect: ^mempool: misuse: not-a-pool pool=- */
#include "misuse.h"

int main(void) {
    PUT_MISUSED((void *)(uintptr_t)99);
    long local[64] = {0};
    CHECK(mempool_get((struct mempool *)(void *)local) == NULL && errno == EINVAL);
    CHECK(mempool_of(local) == NULL);
    CHECK(address_state(local) == MEMPOOL_STATE_FOREIGN);
    return 0;
}
