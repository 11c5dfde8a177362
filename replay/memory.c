/* SPDX-License-Identifier: MIT */
/* Memory of the replay harness, from mmap. */
#include "replay/memory.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>

enum {
    SMALL_BLOCK_BYTES = 256 << 10,  /* one mapping for many small requests */
    SMALL_REQUEST_BYTES = 16 << 10, /* above this a request gets a mapping of its own */
    LINE_BYTES = 64,
};

/* Head of one mapping; what is handed out follows it. */
struct replay_block {
    struct replay_block *next;
    size_t mapped_bytes;
    size_t used_bytes; /* this head included */
};

static size_t round_to_line(size_t bytes) {
    return (bytes + LINE_BYTES - 1) & ~(size_t)(LINE_BYTES - 1);
}

static struct replay_block *map_block(struct replay_memory *memory, size_t bytes) {
    void *mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) {
        errno = ENOMEM;
        return NULL;
    }
    struct replay_block *block = mapped;
    block->next = memory->blocks;
    block->mapped_bytes = bytes;
    block->used_bytes = round_to_line(sizeof(*block));
    memory->blocks = block;
    return block;
}

static void *take_from(struct replay_block *block, size_t bytes) {
    void *taken = (char *)block + block->used_bytes;
    block->used_bytes += bytes;
    return taken;
}

void *replay_memory_take(struct replay_memory *memory, size_t n, size_t item_bytes) {
    size_t head_bytes = round_to_line(sizeof(struct replay_block));
    size_t bytes;
    if (__builtin_mul_overflow(n, item_bytes, &bytes) ||
        bytes > SIZE_MAX / 2 - head_bytes - LINE_BYTES) {
        errno = ENOMEM;
        return NULL;
    }
    bytes = round_to_line(bytes == 0 ? 1 : bytes);
    if (bytes > SMALL_REQUEST_BYTES) {
        struct replay_block *own = map_block(memory, head_bytes + bytes);
        return own ? take_from(own, bytes) : NULL;
    }
    struct replay_block *small = memory->small;
    if (!small || small->mapped_bytes - small->used_bytes < bytes) {
        small = map_block(memory, SMALL_BLOCK_BYTES);
        if (!small) {
            return NULL;
        }
        memory->small = small;
    }
    return take_from(small, bytes);
}

void replay_memory_each(const struct replay_memory *memory,
                        void (*visit)(void *start, size_t bytes)) {
    for (struct replay_block *block = memory->blocks; block; block = block->next) {
        visit(block, block->mapped_bytes);
    }
}

void replay_memory_release(struct replay_memory *memory) {
    struct replay_block *block = memory->blocks;
    while (block) {
        struct replay_block *next = block->next;
        munmap(block, block->mapped_bytes);
        block = next;
    }
    memory->blocks = NULL;
    memory->small = NULL;
}
