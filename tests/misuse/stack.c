/* SPDX-License-Identifier: MIT */
/* A local variable of the main thread.
 * expect: ^mempool: misuse: stack pool=- obj=0x[0-9a-f]+ site=\S+ thread=[1-9] */
#include "misuse.h"

int main(void) {
    char local[64] = {0};
    put_foreign(local);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_STACK, 1);
    return 0;
}
