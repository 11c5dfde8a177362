/* SPDX-License-Identifier: MIT */
/* A program to be looked at: its numbers are known, and it does nothing until its input ends.
 *
 * usage: published [PROGRAM-NAME] */
#include <mempool/observe.h>

#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { N_ITEMS = 1000, N_PUT = 10, N_BLOCKS = 50, ITEM_BYTES = 120, BLOCK_BYTES = 300 };

void *take_item(struct mempool *pool);
void *take_block(void);

/* Exported, so that the call sites have names. */
__attribute__((noinline)) void *take_item(struct mempool *pool) {
    void *volatile object = mempool_get(pool);
    return object;
}

__attribute__((noinline)) void *take_block(void) {
    void *volatile block = mempool_malloc(BLOCK_BYTES, "buffer");
    return block;
}

int main(int argc, char **argv) {
    void *items[N_ITEMS];
    char byte;
    if (argc > 1) {
        prctl(PR_SET_NAME, argv[1]);
    }
    const struct mempool_options options = {
        .struct_size = sizeof options,
        .name = "item",
        .component = "published",
        .object_bytes = ITEM_BYTES,
    };
    struct mempool *pool = mempool_create(&options);
    if (pool == NULL) {
        return 1;
    }
    for (size_t i = 0; i < N_ITEMS; i++) {
        items[i] = take_item(pool);
    }
    for (size_t i = 0; i < N_PUT; i++) {
        mempool_put(items[i]);
    }
    for (size_t i = 0; i < N_BLOCKS; i++) {
        (void)take_block();
    }
    printf("%ld\n", (long)getpid());
    fflush(stdout);
    return read(STDIN_FILENO, &byte, 1) >= 0 ? 0 : 1;
}
