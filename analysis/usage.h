/* SPDX-License-Identifier: MIT */
/* What each pool and site of a trace was used for, from its first event to its last. */
#ifndef ANALYSIS_USAGE_H
#define ANALYSIS_USAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/duration.h"
#include "replay/trace.h"

/*
 * THEORY
 *
 * One walk over the events keeps, for each object, when and by which thread it was got, and for
 * each class
 *
 *   how long each number of objects was live   from the pool's creation (a site's first event) to
 *                                              its end or that of the trace
 *   how many gets made each number             the level right behind each get
 *
 * so that percentiles are exact. The two differ: a pool that is idle most of the time has its busy
 * levels in the second only, one that is filled once and kept has its own in the first. `steady`
 * is the greater of the two.
 *
 * A *burst* is the highest rise of what is live above the lowest level of the same whole second and
 * the one before.
 */

enum {
    USAGE_SIZES = 26,    /* 0; 1; up to 2, 4, 8 ... 2^24 bytes */
    USAGE_COVERED = 990, /* thousandths of time and gets that `steady` covers */
};

struct class_usage {
    uint64_t gets, puts; /* allocations and frees, of a site */
    uint64_t reallocs;
    uint64_t crossed;    /* puts by another thread than got the object */
    uint64_t live, peak; /* objects: at the end, and the most */
    uint64_t live_bytes, peak_bytes;
    uint64_t peak_ns; /* since the trace's start: when first at `peak` */
    uint64_t median;  /* live objects, half of the time at most */
    uint64_t steady;  /* at most so many for 99 % of the time, and behind 99 % of the gets */
    uint64_t burst;
    uint64_t first_ns, last_ns; /* events: the first, the last */
    uint64_t got_bytes;         /* of all allocations */
    uint64_t oldest_ns;         /* age at the end of the longest live; 0: nothing is live */
    double mean_bytes;          /* live, over its time */
    uint64_t lifetimes[DURATION_PLACES]; /* of objects that were put */
    uint64_t sizes[USAGE_SIZES];         /* of blocks, as allocated or reallocated; of sites */
};

struct usage {
    struct replay_memory memory; /* holds this struct too */
    const struct trace *trace;
    struct class_usage *classes;
    uint64_t *thread_events; /* gets, puts and the like, of each thread */
    uint64_t duration_ns;
    uint64_t crossed, puts; /* of all classes */
};

/** usage_of_trace: NULL with errno ENOMEM; to be given back by usage_free, before the trace. */
struct usage *usage_of_trace(const struct trace *trace);

/** usage_free: NULL is ignored. */
void usage_free(struct usage *usage);

/** usage_size_place: where in `sizes` a block of so many bytes counts, and the most that do. */
unsigned usage_size_place(uint32_t bytes);
uint64_t usage_size_bound(unsigned place);

#endif
