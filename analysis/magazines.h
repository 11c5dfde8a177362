/* SPDX-License-Identifier: MIT */
/* What threads' caches would have done in a trace with magazines of this or that size. */
#ifndef ANALYSIS_MAGAZINES_H
#define ANALYSIS_MAGAZINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "replay/trace.h"

/*
 * THEORY
 *
 * The model is that of src/depot/depot.h, with numbers in place of objects. A thread has of each
 * pool that it uses two magazines, loaded and previous, of `rounds` free objects at most, and one
 * more for what it puts that another thread got (cache/park.h). Then
 *
 *   get              from loaded; else the two are swapped, where previous has something; else a
 *                    miss: a magazine of the depot, or as many rounds from the slabs
 *   put of its own   into loaded; else swapped, where previous is empty; else a miss: the previous
 *                    goes to the depot, an empty magazine comes
 *   put of others'   into the third; where that is full, a miss: it goes to the depot
 *
 * A thread's end gives all to the depot. Misses are what takes the depot's lock. Left out: memory
 * that goes back while nothing happens, limits, and that magazines begin small and grow.
 */

enum {
    MAGAZINES_SIZES = 9,
    MAGAZINES_ENOUGH = 990, /* thousandths of gets and puts that should be hits */
};

/* The capacities that are tried: those that the library may choose from. */
extern const uint32_t magazines_rounds[MAGAZINES_SIZES];

/* One pool with magazines of one size. */
struct magazines_of_size {
    uint64_t misses;      /* gets and puts that took the depot's lock */
    uint64_t peak_cached; /* most free objects in all threads' caches at once */
    uint64_t peak_slots;  /* most slots out of the slabs: live, cached, in the depot */
};

struct magazines_of_pool {
    uint64_t operations; /* gets and puts */
    uint64_t threads;    /* that used it */
    struct magazines_of_size sizes[MAGAZINES_SIZES];
};

struct magazines {
    struct replay_memory memory;     /* holds this struct too */
    struct magazines_of_pool *pools; /* by class; sites have nothing */
};

/** magazines_of_trace: NULL with errno ENOMEM; to be given back by magazines_free. */
struct magazines *magazines_of_trace(const struct trace *trace);

/** magazines_free: NULL is ignored. */
void magazines_free(struct magazines *magazines);

/** magazines_most_rounds: the largest magazine that the library makes for slots of so many bytes
 *  where exchanges are rapid, or where they are not; 0: no caches. */
uint32_t magazines_most_rounds(size_t slot_bytes, bool is_rapid);

/** magazines_hits: thousandths of gets and puts that were hits with that size; 1000: nothing
 *  happened. */
unsigned magazines_hits(const struct magazines_of_pool *pool, size_t size);

/** magazines_choose: the smallest size, by number, that gives MAGAZINES_ENOUGH hits and that the
 *  library makes for such slots; else the one with most hits. -1: no caches. */
int magazines_choose(const struct magazines_of_pool *pool, size_t slot_bytes);

#endif
