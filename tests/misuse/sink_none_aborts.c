/* SPDX-License-Identifier: MIT */
/* Without a sink, what aborts still aborts.
 * never: .
 * exit: SIGABRT */
#include "misuse.h"

int main(void) {
    mempool_misuse_sink_set(-1);
    char *object = mempool_get(pool_of(64));
    PUT_MISUSED(object + 1);
    return 0;
}
