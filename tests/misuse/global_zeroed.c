/* SPDX-License-Identifier: MIT */
/* A large zero-initialised array, in whose middle no file is mapped.
 * expect: ^mempool: misuse: global pool=- obj=0x */
#include "misuse.h"

static char zeroed[1 << 20];

int main(void) {
    put_foreign(zeroed + (1 << 19));
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_GLOBAL, 1);
    return 0;
}
