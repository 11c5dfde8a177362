/* SPDX-License-Identifier: MIT */
/* Which classes of a trace are told by name in a chart, and which are one line of others. */
#ifndef ANALYSIS_TRACKS_H
#define ANALYSIS_TRACKS_H

#include "analysis/usage.h"

enum {
    TRACKS_NAMED = 9, /* at most; one more for the rest */
};

struct tracks {
    uint32_t n; /* with the rest, if there is one */
    const char *names[TRACKS_NAMED + 1];
    bool has_rest;     /* the last one is many */
    uint8_t *of_class; /* by class: its track */
};

/** tracks_of_classes, tracks_of_components: those whose peaks are most bytes (together, of a
 *  component's classes), largest first; what was never used is nowhere or in the rest. Names and
 *  table are from `memory`. 0 or -ENOMEM. */
int tracks_of_classes(struct tracks *tracks, const struct usage *usage,
                      struct replay_memory *memory);
int tracks_of_components(struct tracks *tracks, const struct usage *usage,
                         struct replay_memory *memory);

#endif
