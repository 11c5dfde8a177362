/* SPDX-License-Identifier: MIT */
/* A fork while another thread makes the first classic pool, in a process that has books. */
#include "first_fork.h"

#include <mempool/glusterfs.h>

static void make_the_books(void) {
    mempool_free(mempool_malloc(16, "first"));
}

static void make_a_classic_pool(void) {
    struct mem_pool *pool = mem_pool_new_fn(64, 4, "classic");
    CHECK(pool != NULL);
    mem_pool_destroy(pool);
}

int main(void) {
    struct first_fork work = {.prepare = make_the_books, .make = make_a_classic_pool};
    first_fork_run(&work);
    return 0;
}
