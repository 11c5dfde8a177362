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
 * All calls: under space.lock. */
#ifndef MEMPOOL_VM_ARENA_H
#define MEMPOOL_VM_ARENA_H

#include <stdint.h>

/* One per chunk, in space.runs. Links are chunk numbers; meaningful in free runs only. */
struct chunk_run {
    uint32_t chunks;   /* length, in the first and the last chunk of a run; 0 elsewhere */
    uint32_t is_free;  /* likewise */
    uint32_t next, previous; /* within the bin, first chunk only; CHUNK_NONE ends */
};

#define CHUNK_NONE UINT32_MAX

/* The first chunk of a run of `chunks`, committed; CHUNK_NONE: no memory. */
uint32_t arena_take(uint32_t chunks);
void arena_give(uint32_t first, uint32_t chunks);

#endif
