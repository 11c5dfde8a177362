/* SPDX-License-Identifier: MIT */
/* What was live in the course of a trace, in so many moments as a chart can show. */
#ifndef ANALYSIS_TIMELINE_H
#define ANALYSIS_TIMELINE_H

#include "analysis/tracks.h"

/*
 * THEORY
 *
 * Time is cut into TIMELINE_BINS equal parts. Of each part in which something happens, the moment
 * is kept at which most bytes were live: so all that is shown of one moment was live together, and
 * no peak is lost. Where nothing happens for a while, the moments before and behind that are kept,
 * too, so that a short peak is not drawn as a slope that lasts as long. The last moment is the end.
 * Of each part the gets and puts are counted, too.
 */

enum {
    TIMELINE_BINS = 480,
    TIMELINE_POINTS = 3 * TIMELINE_BINS + 2, /* at most; and the beginning and the end */
};

struct timeline_value {
    uint64_t count, bytes;
};

struct timeline {
    struct replay_memory memory;    /* holds this struct too */
    const struct tracks *tracks[2]; /* as given */
    uint64_t bin_ns;
    size_t n_points;
    uint64_t at_ns[TIMELINE_POINTS];
    struct timeline_value live[2][TIMELINE_POINTS][TRACKS_NAMED + 1];
    uint64_t gets[TIMELINE_BINS], puts[TIMELINE_BINS]; /* of pools */
    uint64_t allocations[TIMELINE_BINS], frees[TIMELINE_BINS];
};

/** timeline_of_trace: by two kinds of tracks at once. NULL with errno ENOMEM; to be given back by
 *  timeline_free. */
struct timeline *timeline_of_trace(const struct usage *usage, const struct tracks *first,
                                   const struct tracks *second);

/** timeline_free: NULL is ignored. */
void timeline_free(struct timeline *timeline);

#endif
