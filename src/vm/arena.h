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
 * A run that comes back should have been purged, so that free chunks are not resident; what is in
 * them does not matter.
 * SPANS. A pool that has grown large takes its chunks from spans: runs of 2 MiB, aligned to 2 MiB,
 * that the system is advised to back with huge pages. Random access to many objects is bound by
 * address translation, and one huge page stands for 512 small ones. Small pools must not live in
 * such pages (one object would make 2 MiB resident): a span that is free again is an ordinary one.
 *
 * All calls: under space.lock. */
#ifndef MEMPOOL_VM_ARENA_H
#define MEMPOOL_VM_ARENA_H

#include <stdint.h>

/* One per chunk, in space.runs. Links are chunk numbers; meaningful in free runs only. */
struct chunk_run {
    uint32_t chunks;   /* length, in the first and the last chunk of a run; 0 elsewhere */
    uint32_t is_free;  /* likewise */
    uint32_t next, previous; /* within the bin, first chunk only; CHUNK_NONE ends */
    uint32_t huge;     /* in a chunk at a multiple of 2 MiB: what follows is advised huge */
};

#define CHUNK_NONE UINT32_MAX

/* The first chunk of a run of `chunks`, committed; CHUNK_NONE: no memory. */
uint32_t arena_take(uint32_t chunks);
void arena_give(uint32_t first, uint32_t chunks);

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
