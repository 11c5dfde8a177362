/* SPDX-License-Identifier: MIT */
/* Chunks of the arena: runs of neighbouring chunks are handed out and taken back.
 *
 * THEORY
 *
 * The arena below `arena_used` is tiled by runs, each either handed out or free. Of a free run the
 * first and the last chunk's `struct chunk_run` say how long it is (Knuth's boundary tags, The Art
 * of Computer Programming 2.5), so that a run coming back merges with its neighbours in constant
 * time. Free runs hang in bins by the logarithm of their length. Where none fits, the arena grows
 * at its end, committed in steps of 1 MiB.
 *
 * A run that comes back is clean or dirty. Clean: its pages went back to the system, and are zero
 * when they are used again. Dirty: they are still resident; what is in them does not matter. Two
 * free runs that touch are one where both are of a kind. Who takes any run is given a dirty one
 * first (as jemalloc does), so that large blocks of all sizes use the same pages; what nobody
 * needed for a while (`dirty_low`) is cleaned in reclaim steps (pool/reclaim.c).
 *
 * SPANS. A pool that has grown large takes its chunks from spans: runs of 2 MiB, aligned to 2 MiB,
 * that the system is advised to back with huge pages. Random access to many objects is bound by
 * address translation, and one huge page stands for 512 small ones. Small pools must not live in
 * such pages (one object would make 2 MiB resident): a span that is free again is an ordinary one.
 *
 * All calls: under space.lock. */
#ifndef MEMPOOL_VM_ARENA_H
#define MEMPOOL_VM_ARENA_H

#include <stdbool.h>
#include <stdint.h>

/* One per chunk, in space.runs. Links are chunk numbers; meaningful in free runs only. */
struct chunk_run {
    uint32_t chunks;   /* length, in the first and the last chunk of a run; 0 elsewhere */
    uint32_t is_free;  /* likewise: enum run_kind */
    uint32_t next, previous; /* within the bin, first chunk only; CHUNK_NONE ends */
    uint32_t huge;     /* in a chunk at a multiple of 2 MiB: what follows is advised huge */
};

enum run_kind { RUN_TAKEN = 0, RUN_CLEAN, RUN_DIRTY };

#define CHUNK_NONE UINT32_MAX

/* The first chunk of a clean run of `chunks`, committed; CHUNK_NONE: no memory. */
uint32_t arena_take(uint32_t chunks);
/* Of any run; *ret_dirty: it was a dirty one. */
uint32_t arena_take_any(uint32_t chunks, bool *ret_dirty);
/* Give a run back whose pages went back to the system; one that is dirty. */
void arena_give(uint32_t first, uint32_t chunks);
void arena_give_dirty(uint32_t first, uint32_t chunks);

/* Take a dirty run, or at most `chunks` of it, in order to clean it; CHUNK_NONE: there is none. */
uint32_t arena_take_dirty(uint32_t chunks, uint32_t *ret_chunks);
/* Dirty chunks now; the fewest since arena_settle_dirty was last called, which says so and begins
 * anew. */
uint32_t arena_dirty(void);
uint32_t arena_settle_dirty(void);
/* Chunks that may have resident pages: those handed out, and the dirty ones. No lock needed. */
uint32_t arena_resident(void);

/* A part of a span that is not yet in use. All-zero: none. */
struct span {
    uint32_t next; /* chunk */
    uint32_t left; /* chunks */
};
/* As arena_take, from a span: the rest of the one at hand, or a new one. chunks <= HUGE_CHUNKS. */
uint32_t arena_take_from_span(struct span *span, uint32_t chunks);
/* Give back what is left of it. */
void arena_give_span(struct span *span);

#endif
