/* SPDX-License-Identifier: MIT */
/* Memory of the replay harness: straight from mmap, so that no allocator under test reuses it. */
#ifndef REPLAY_MEMORY_H
#define REPLAY_MEMORY_H

#include <stddef.h>

/* Everything taken from one of these is given back at once. Zero-fill it before first use. */
struct replay_memory {
    struct replay_block *blocks; /* newest first; small requests share the newest small block */
    struct replay_block *small;
};

/** replay_memory_take: n zeroed items of item_bytes each, aligned to a cache line (64 bytes).
 *  NULL with errno ENOMEM: no memory, or the product overflows. Pages become resident when used. */
void *replay_memory_take(struct replay_memory *memory, size_t n, size_t item_bytes);

/** replay_memory_each: call `visit` for each mapping. */
void replay_memory_each(const struct replay_memory *memory,
                        void (*visit)(void *start, size_t bytes));

/** replay_memory_release: unmap everything. */
void replay_memory_release(struct replay_memory *memory);

#endif
