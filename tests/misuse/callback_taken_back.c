/* SPDX-License-Identifier: MIT */
/* A callback that is set back to NULL is not called any more: the report is written.
 * expect: ^mempool: misuse: tiny pool=- obj=0x2 site= */
#include "misuse.h"

static int n_calls;

static void observe(const struct mempool_misuse *misuse, void *argument) {
    CHECK(misuse->kind == MEMPOOL_MISUSE_TINY && argument == NULL);
    n_calls++;
}

int main(void) {
    CHECK(mempool_misuse_configure("tiny=callback") == 0);
    mempool_misuse_callback_set(observe, NULL);
    PUT_MISUSED((void *)(uintptr_t)1);
    mempool_misuse_callback_set(NULL, NULL);
    PUT_MISUSED((void *)(uintptr_t)2);
    CHECK(n_calls == 1);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_TINY, 2);
    return 0;
}
