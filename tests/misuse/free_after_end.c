/* SPDX-License-Identifier: MIT */
/* No misuse: a block outlives its component, and a thread that freed in it.
 * never: mempool */
#include "accounted.h"

static void *free_block(void *block) {
    mempool_free(block);
    return NULL;
}

int main(void) {
    struct mempool_component_stats stats = {.struct_size = sizeof stats};
    struct mempool_component *component = mempool_component_create("plug-in", NULL);
    struct mempool_component *before = mempool_component_enter(component);
    void *blocks[] = {mempool_malloc(10, "kept"), mempool_malloc(1 << 20, "kept")};
    mempool_component_leave(before);
    CHECK_EQUAL(mempool_component_end(component), 2);
    blocks[0] = mempool_realloc(blocks[0], 1000);
    mempool_free(blocks[0]);
    thread_run(free_block, blocks[1]);
    CHECK(mempool_component_stats(component, &stats) == 0);
    CHECK_EQUAL(stats.live_blocks, 0);
    CHECK_EQUAL(stats.live_bytes, 0);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 0);
    return 0;
}
