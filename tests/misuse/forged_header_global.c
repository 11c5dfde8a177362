/* SPDX-License-Identifier: MIT */
/* The same in a static array.
 * expect: ^mempool: misuse: global pool=- obj=0x */
#include "forged.h"

static struct forged_block block;

int main(void) {
    put_forged(&block);
    return 0;
}
