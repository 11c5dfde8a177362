/* SPDX-License-Identifier: MIT */
/* A fork while another thread makes the books, in a process that has pools. */
#include "first_fork.h"

#include <mempool/account.h>

static void make_a_pool(void) {
    struct mempool *pool = mempool_create_typed(64, 16, "pool", 0);
    mempool_put(mempool_get(pool));
}

static void make_the_books(void) {
    mempool_free(mempool_malloc(16, "first"));
}

int main(void) {
    struct first_fork work = {.prepare = make_a_pool, .make = make_the_books};
    first_fork_run(&work);
    return 0;
}
