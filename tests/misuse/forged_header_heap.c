/* SPDX-License-Identifier: MIT */
/* A heap block with a header in front that names a pool, as the classic pool would trust it.
 * expect: ^mempool: misuse: heap pool=- obj=0x
 * expect-asan: ^mempool: misuse: (heap|mapped) pool=- obj=0x */
#include "forged.h"

int main(void) {
    struct forged_block *block = calloc(1, sizeof *block);
    CHECK(block != NULL);
    put_forged(block);
    free(block);
    return 0;
}
