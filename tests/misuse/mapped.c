/* SPDX-License-Identifier: MIT */
/* Memory from mmap, and a block from malloc that is too large for the heap.
 * expect: ^mempool: misuse: mapped pool=- obj=0x
 * expect: ^mempool: misuse: mapped pool=- obj=0x */
#include "misuse.h"

#include <sys/mman.h>

int main(void) {
    size_t bytes = (size_t)1 << 20;
    char *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *block = malloc(64 * bytes);
    CHECK(map != MAP_FAILED && block != NULL);
    PUT_MISUSED(map + 4096);
    PUT_MISUSED(block);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_MAPPED, 2);
    map[4096] = 1;
    block[0] = 1;
    free(block);
    CHECK(munmap(map, bytes) == 0);
    return 0;
}
