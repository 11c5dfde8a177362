/* SPDX-License-Identifier: MIT */
/* A pointer into the middle of an object: by default the process ends.
 * expect: ^mempool: misuse: interior pool=test:thing obj=0x[0-9a-f]+ site=put_middle\+0x
 * also: ^\s.*\bget_object\+0x[0-9a-f]+
 * exit: SIGABRT */
#include "misuse.h"

void *get_object(struct mempool *pool);
void put_middle(char *object);

CALL_SITE void *get_object(struct mempool *pool) {
    void *object = mempool_get(pool);
    CHECK(object != NULL);
    return object;
}

CALL_SITE void put_middle(char *object) {
    PUT_MISUSED(object + 16);
}

int main(void) {
    put_middle(get_object(pool_of(64)));
    return 0;
}
