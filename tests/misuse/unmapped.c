/* SPDX-License-Identifier: MIT */
/* An address where memory was, and is no more.
 * expect: ^mempool: misuse: unmapped pool=- obj=0x */
#include "misuse.h"

#include <sys/mman.h>

int main(void) {
    size_t bytes = (size_t)64 << 20;
    mempool_put(mempool_get(pool_of(64))); /* the library has its own memory by now */
    char *map = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(map != MAP_FAILED && munmap(map, bytes) == 0);
    PUT_MISUSED(map + bytes / 2);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_UNMAPPED, 1);
    return 0;
}
