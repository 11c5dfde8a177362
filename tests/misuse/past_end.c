/* SPDX-License-Identifier: MIT */
/* A pointer right behind an object's last byte, in its padding: by default the process ends.
 * expect: ^mempool: misuse: past-end pool=test:thing obj=0x[0-9a-f]+ site=main\+0x
 * exit: SIGABRT */
#include "misuse.h"

int main(void) {
    struct mempool *pool = pool_of(20);
    CHECK(pool_stats(pool).padded_bytes > 20);
    char *object = mempool_get(pool);
    PUT_MISUSED(object + 20);
    return 0;
}
