/* SPDX-License-Identifier: MIT */
/* Handles that are no address of readable memory are no pool to destroy or to read.
 * expect: ^mempool: misuse: not-a-pool pool=- obj=0x10 site=main\+0x
 * expect: ^mempool: misuse: not-a-pool pool=- obj=0xffffffffffffffff site=main\+0x */
#include "misuse.h"

int main(void) {
    struct mempool *tiny = (struct mempool *)(uintptr_t)16;
    struct mempool *failed = (struct mempool *)UINTPTR_MAX;
    struct mempool_stats stats = {.struct_size = sizeof stats};
    CHECK_EQUAL(mempool_destroy(tiny), 0);
    CHECK_EQUAL(mempool_destroy(failed), 0);
    CHECK(mempool_stats(tiny, &stats) == -EINVAL);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_NOT_A_POOL, 2);
    return 0;
}
