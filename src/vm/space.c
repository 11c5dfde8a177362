/* SPDX-License-Identifier: MIT */
/* The one reservation and its areas. */
#include "vm/space.h"

#include "base/bits.h"
#include "view/publication.h"
#include "vm/arena.h"

#include <errno.h>
#include <string.h>

struct space space;

/* Until there is a place for them. */
static _Atomic(uint64_t) first_roots[ROOTS];
_Atomic(uint64_t) *_Atomic space_roots = first_roots;

enum {
    COMMIT_STEP_BYTES = 256 << 10, /* per mprotect: few calls, few wasted page-table pages */
    GUARD_BYTES = 1 << 20,
    ARENA_BYTES_MIN = 32 << 20,
    /* Records are 8 bytes a slot, half of an arena of 16-byte slots. A quarter serves an arena
     * filled with 32-byte objects. */
    RECORDS_SHARE = 4,
    BLOCKS_SHARE = 16, /* magazines, cache tables, tallies */
    BLOCKS_BYTES_MIN = 8 << 20,
    PUBLICATION_AREA_BYTES = 256 << 10,
    POOLS_SKEW = 0x540, /* see COLOURS in vm/space.h */
    DESCRIPTORS_SKEW = 0xc00,
};

int area_commit(struct area *area, size_t bytes) {
    size_t committed = load_relaxed(&area->committed_bytes);
    if (area->skew + bytes <= committed) {
        return 0;
    }
    if (bytes > area->bytes) {
        return -ENOMEM;
    }
    size_t target = round_up(area->skew + bytes, COMMIT_STEP_BYTES);
    char *from = area->start - area->skew + committed;
    int result = sys_operations.commit(from, target - committed);
    if (result != 0) {
        return -ENOMEM;
    }
    store_relaxed(&area->committed_bytes, target);
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
    at = place(&into->publication, at, 0, PUBLICATION_AREA_BYTES);
    at = place(&into->pools, at, POOLS_SKEW, POOLS_MAX * pool_bytes);
    at = place(&into->slabs, at, 0, chunks * slab_bytes);
    at = place(&into->descriptor_area, at, DESCRIPTORS_SKEW,
               chunks * sizeof(struct descriptor));
    at = place(&into->runs, at, 0, chunks * sizeof(struct chunk_run));
    at = round_up(at, HUGE_BYTES);
    at = place(&into->blocks, at, 0, max_size(arena_bytes / BLOCKS_SHARE, BLOCKS_BYTES_MIN));
    at = round_up(at, HUGE_BYTES);
    at = place(&into->records, at, 0, arena_bytes / RECORDS_SHARE);
    /* Chunks are aligned to their size, so that slots keep any alignment; spans to theirs. */
    at = round_up(at, HUGE_BYTES);
    into->arena_start = at;
    into->arena_bytes = arena_bytes;
    into->descriptors = (struct descriptor *)(void *)into->descriptor_area.start;
    return at + arena_bytes + GUARD_BYTES;
}

/* From the publication to the end of the blocks: a memfd, where that is to be had. */
static void share(void) {
    const char *word = sys_environment("MEMPOOL_PUBLISH");
    char *end = space.blocks.start + space.blocks.bytes;
    size_t bytes = (size_t)(end - space.publication.start);
    if ((word == NULL || strcmp(word, "0") != 0) &&
        sys_share(space.publication.start, bytes, PUBLICATION_NAME) == 0) {
        space.shared = space.publication.start;
        space.shared_bytes = bytes;
    }
}

void *space_publication(size_t bytes) {
    struct area *area = &space.publication;
    if (area->used_bytes == 0 && area_extend(area, area->bytes) == NULL) {
        return NULL;
    }
    _Atomic(uint64_t) *before = load_relaxed(&space_roots);
    _Atomic(uint64_t) *roots = (_Atomic(uint64_t) *)(void *)(area->start + PUBLICATION_BYTES);
    if (before != roots) {
        for (size_t i = 0; i < ROOTS; i++) {
            store_relaxed(&roots[i], load_relaxed(&before[i]));
        }
        store_relaxed(&space_roots, roots);
    }
    return bytes <= PUBLICATION_BYTES ? area->start : NULL;
}
_Static_assert(PUBLICATION_BYTES + ROOTS * sizeof(uint64_t) <= PUBLICATION_AREA_BYTES,
               "header and roots have room");

/* ---- fork ------------------------------------------------------------------------------------ */

enum { SHARED_AREAS = 6 };

static struct area *shared_area(size_t i) {
    struct area *areas[SHARED_AREAS] = {&space.publication, &space.pools, &space.slabs,
                                        &space.descriptor_area, &space.runs, &space.blocks};
    return areas[i];
}

void space_before_fork(void) {
    struct sys_part parts[SHARED_AREAS];
    if (space.shared == NULL) {
        return;
    }
    for (size_t i = 0; i < SHARED_AREAS; i++) {
        const struct area *area = shared_area(i);
        parts[i] = (struct sys_part){area->start - area->skew,
                                     load_relaxed(&area->committed_bytes)};
    }
    sys_share_before_fork(parts, SHARED_AREAS);
}

void space_parent(void) {
    if (space.shared != NULL) {
        sys_share_parent();
    }
}

void space_child(void) {
    if (space.shared == NULL) {
        return;
    }
    int result = sys_share_child();
    if (result < 0) {
        static const char text[] = "mempool: no memory for a child's copy of the books\n";
        (void)sys_write(2, text, sizeof text - 1);
        sys_abort();
    }
    if (result == SYS_SHARE_PRIVATE) {
        space.shared = NULL;
    }
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
        share();
        space.ready = true;
        return 0;
    }
    return -ENOMEM;
}
