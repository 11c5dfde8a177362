/* SPDX-License-Identifier: MIT */
/* A block from malloc: it is refused, not freed.
 * expect: ^mempool: misuse: heap pool=- obj=0x
 * expect-asan: ^mempool: misuse: (heap|mapped) pool=- obj=0x */
#include "misuse.h"

int main(void) {
    char *block = malloc(64);
    strcpy(block, "still here");
    put_foreign(block);
    CHECK(strcmp(block, "still here") == 0);
    free(block);
    return 0;
}
