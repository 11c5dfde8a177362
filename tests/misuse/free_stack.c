/* SPDX-License-Identifier: MIT */
/* A local variable is freed, before and after the heap was first used.
 * expect: ^mempool: misuse: stack pool=- obj=0x[0-9a-f]+ site=main\+0x
 * expect: ^mempool: misuse: stack pool=- obj=0x[0-9a-f]+ site=main\+0x */
#include "accounted.h"

int main(void) {
    char local[64] = {0};
    FREE_MISUSED(local);
    check_heap_is_sound(64);
    FREE_MISUSED(local);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_STACK, 2);
    check_heap_is_sound(64);
    return 0;
}
