/* SPDX-License-Identifier: MIT */
/* What options a pool's real use asks for. */
#ifndef ANALYSIS_ADVICE_H
#define ANALYSIS_ADVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/magazines.h"
#include "analysis/usage.h"
#include "view/snapshot.h"

/*
 * THEORY
 *
 * Of a trace all is known, of a process or a snapshot the counters only. From both follow
 *
 *   count   the objects to keep ready. Of a trace: what is enough for 99 % of the time and of the
 *           gets (`steady` in analysis/usage.h). Of counters: the peak, which is all they tell
 *   limit   a suggestion for who wants one: the peak and a quarter, and at least what the caches
 *           can hold beside the peak, since below that the pool would be tight
 *   flags   MEMPOOL_UNCACHED or not
 *
 * Memory for `count` comes by the slab, so advice is only given where it changes their number, and
 * what it saves is whole slabs: memory that is kept once it was used.
 * The size of magazines is the library's to choose; it is told what there would be to gain. */

enum advice_verdict {
    ADVICE_KEEP,   /* as it is */
    ADVICE_LOWER,  /* a smaller count */
    ADVICE_RAISE,  /* a greater one */
    ADVICE_UNUSED, /* nothing was ever got */
};

enum {
    ADVICE_REASONS = 6,
    ADVICE_REASON_BYTES = 256,
    ADVICE_UNKNOWN = -1,
};

struct advice_pool {
    const char *name; /* of the trace or snapshot */
    uint32_t class;   /* its index there */
    enum advice_verdict verdict;
    uint64_t object_bytes, slot_bytes, slab_bytes, slab_slots;
    /* as they are */
    uint64_t count_now, limit_now;
    bool is_uncached_now;
    /* what use asks for */
    uint64_t count, limit;
    bool is_uncached;
    int64_t saved_bytes;    /* by count: slabs; below 0: so much more */
    uint64_t padding_bytes; /* in the slots of the peak */
    uint32_t shrink_bytes;  /* an object so much smaller would take a smaller slot; 0: no matter */
    uint64_t shrink_saved_bytes; /* at the peak */
    /* the use */
    uint64_t gets, peak, live;
    int64_t median, steady, burst;             /* ADVICE_UNKNOWN: of counters */
    double gets_per_second, misses_per_second; /* misses: with the chosen magazines; below 0:
                                                * unknown */
    int crossed_thousandths;                   /* of puts; ADVICE_UNKNOWN */
    int64_t threads;                           /* that used it, or have caches now */
    int64_t magazine_rounds;                   /* enough for 99 % hits, or the best; 0: no caches;
                                    * ADVICE_UNKNOWN */
    int hits_thousandths;                      /* with those; ADVICE_UNKNOWN */
    int64_t cached_peak; /* most free objects in caches with those; or cached now */
    unsigned n_reasons;
    char reasons[ADVICE_REASONS][ADVICE_REASON_BYTES]; /* sentences */
};

struct advice {
    struct replay_memory memory; /* holds this struct too */
    struct advice_pool *pools;   /* most to save first */
    uint32_t n_pools;
    double seconds;                      /* that were looked at */
    int64_t saved_bytes;                 /* of all */
    uint64_t slab_bytes_now, slab_bytes; /* for all counts as they are, and as advised */
};

/** advice_of_trace: all pools of a trace. NULL with errno ENOMEM; to be given back by advice_free,
 *  before the usage. */
struct advice *advice_of_trace(const struct usage *usage, const struct magazines *magazines);

/** advice_of_snapshot: all the program's own pools. Likewise. */
struct advice *advice_of_snapshot(const struct snapshot *snapshot);

/** advice_free: NULL is ignored. */
void advice_free(struct advice *advice);

/** advice_verdict_word: "keep", "lower", "raise", "unused". */
const char *advice_verdict_word(enum advice_verdict verdict);

#endif
