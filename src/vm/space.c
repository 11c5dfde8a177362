/* SPDX-License-Identifier: MIT */
/* The one reservation and its areas. */
#include "vm/space.h"

#include "base/bits.h"
#include "vm/arena.h"

#include <errno.h>
#include <string.h>

struct space space;

enum {
    COMMIT_STEP_BYTES = 256 << 10, /* per mprotect: few calls, few wasted page-table pages */
    GUARD_BYTES = 1 << 20,
    ARENA_BYTES_MIN = 32 << 20,
    /* Blocks hold records (8 bytes a slot: half of an arena of 16-byte slots), magazines and
     * cache tables. A quarter serves an arena filled with 32-byte objects. */
    BLOCKS_SHARE = 4,
    POOLS_SKEW = 0x540, /* see COLOURS in vm/space.h */
    DESCRIPTORS_SKEW = 0xc00,
};

int area_commit(struct area *area, size_t bytes) {
    if (area->skew + bytes <= area->committed_bytes) {
        return 0;
    }
    if (bytes > area->bytes) {
        return -ENOMEM;
    }
    size_t target = round_up(area->skew + bytes, COMMIT_STEP_BYTES);
    char *from = area->start - area->skew + area->committed_bytes;
    int result = sys_operations.commit(from, target - area->committed_bytes);
    if (result != 0) {
        return -ENOMEM;
    }
    area->committed_bytes = target;
    return 0;
}

void *area_extend(struct area *area, size_t bytes) {
    if (bytes > area->bytes - area->used_bytes ||
        area_commit(area, area->used_bytes + bytes) != 0) {
        return NULL;
    }
    void *start = area->start + area->used_bytes;
    area->used_bytes += bytes;
    return start;
}

/* Give an area its place from `at` on, so many bytes into the page; returns its end, on a fresh
 * page. */
static uintptr_t place(struct area *area, uintptr_t at, size_t skew, size_t bytes) {
    size_t whole = round_up(skew + bytes, COMMIT_STEP_BYTES);
    memset(area, 0, sizeof *area);
    area->start = (char *)at + skew; /* NOLINT: an address */
    area->skew = skew;
    area->bytes = whole - skew;
    return at + whole + GUARD_BYTES;
}

/* Lay everything out from `start`; nothing is touched. Returns the end. */
static uintptr_t lay_out(struct space *into, uintptr_t start, size_t arena_bytes,
                         size_t pool_bytes, size_t slab_bytes) {
    size_t chunks = arena_bytes >> CHUNK_SHIFT;
    uintptr_t at = start + GUARD_BYTES;
    at = place(&into->pools, at, POOLS_SKEW, POOLS_MAX * pool_bytes);
    at = place(&into->slabs, at, 0, chunks * slab_bytes);
    at = place(&into->descriptor_area, at, DESCRIPTORS_SKEW,
               chunks * sizeof(struct descriptor));
    at = place(&into->runs, at, 0, chunks * sizeof(struct chunk_run));
    at = round_up(at, HUGE_BYTES);
    at = place(&into->blocks, at, 0, arena_bytes / BLOCKS_SHARE);
    /* Chunks are aligned to their size, so that slots keep any alignment; spans to theirs. */
    at = round_up(at, HUGE_BYTES);
    into->arena_start = at;
    into->arena_bytes = arena_bytes;
    into->descriptors = (struct descriptor *)(void *)into->descriptor_area.start;
    return at + arena_bytes + GUARD_BYTES;
}

int space_init(size_t pool_bytes, size_t slab_bytes) {
    if (space.ready) {
        return 0;
    }
    for (size_t arena = sys_arena_bytes_wanted(); arena >= ARENA_BYTES_MIN; arena /= 2) {
        struct space trial;
        size_t bytes = lay_out(&trial, 0, arena, pool_bytes, slab_bytes) + (size_t)2 * HUGE_BYTES;
        bytes = round_up(bytes, sys_page_bytes());
        void *start = sys_operations.reserve(bytes);
        if (start == NULL) {
            continue;
        }
        (void)lay_out(&space, (uintptr_t)start, arena, pool_bytes, slab_bytes);
        space.reservation = start;
        space.reservation_bytes = bytes;
        space.ready = true;
        return 0;
    }
    return -ENOMEM;
}
