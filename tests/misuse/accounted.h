/* SPDX-License-Identifier: MIT */
/* What the programs share that misuse the accounted heap. */
#ifndef TESTS_MISUSE_ACCOUNTED_H
#define TESTS_MISUSE_ACCOUNTED_H

#include "misuse.h"

#include <mempool/account.h>

/* Free what must be refused: errno has to survive it. (A macro: the site is the caller's.) */
#define FREE_MISUSED(address)                                                                     \
    do {                                                                                          \
        errno = ERRNO_BEFORE;                                                                     \
        mempool_free(address);                                                                    \
        CHECK(errno == ERRNO_BEFORE);                                                             \
    } while (0)

static inline uint64_t heap_live_blocks(void) {
    struct mempool_component_stats stats = {.struct_size = sizeof stats};
    CHECK(mempool_component_stats(mempool_component_process(), &stats) == 0);
    return stats.live_blocks;
}

static inline uint64_t heap_live_bytes(void) {
    struct mempool_component_stats stats = {.struct_size = sizeof stats};
    CHECK(mempool_component_stats(mempool_component_process(), &stats) == 0);
    return stats.live_bytes;
}

/* Blocks are distinct and nobody else's, and the books count them, whatever was done before. */
static inline void check_heap_is_sound(size_t bytes) {
    enum { N_BLOCKS = 300 };
    int *blocks[N_BLOCKS];
    uint64_t live_before = heap_live_blocks(), bytes_before = heap_live_bytes();
    for (int i = 0; i < N_BLOCKS; i++) {
        blocks[i] = mempool_calloc(1, bytes, "sound");
        CHECK(blocks[i] != NULL);
        *blocks[i] = i;
    }
    CHECK_EQUAL(heap_live_blocks(), live_before + N_BLOCKS);
    CHECK_EQUAL(heap_live_bytes(), bytes_before + N_BLOCKS * bytes);
    for (int i = 0; i < N_BLOCKS; i++) {
        CHECK(*blocks[i] == i);
        mempool_free(blocks[i]);
    }
    CHECK_EQUAL(heap_live_blocks(), live_before);
    CHECK_EQUAL(heap_live_bytes(), bytes_before);
}

#endif
