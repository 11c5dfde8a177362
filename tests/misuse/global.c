/* SPDX-License-Identifier: MIT */
/* A variable of the program: initialised, so that it lies in the file's data.
 * expect: ^mempool: misuse: global pool=- obj=0x */
#include "misuse.h"

static char data[64] = "some data";

int main(void) {
    put_foreign(data);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_GLOBAL, 1);
    CHECK(strcmp(data, "some data") == 0);
    return 0;
}
