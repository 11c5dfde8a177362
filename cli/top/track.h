/* SPDX-License-Identifier: MIT */
/* What is remembered of one thing (a pool, an account, a call site) from snapshot to snapshot.
 *
 * A track is found by the thing's key, so that a pool that was made anew in another's place is
 * another pool. It has the counters as they were seen last, which makes rates; the bytes at the
 * start of watching, which makes growth; and bytes of the last minutes, a number each second. */
#ifndef CLI_TOP_TRACK_H
#define CLI_TOP_TRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TOP_HISTORY_SECONDS = 300,
};

enum top_counter {
    TOP_GETS,
    TOP_PUTS,
    TOP_MISSES,
    TOP_COUNTERS,
};

/* Names a thing for good. */
struct top_key {
    uint64_t a, b;
};

struct top_track {
    struct top_key key;
    struct top_track *next; /* with the same hash */
    uint64_t update;        /* the last that saw it */
    int64_t seen_ns;        /* when that was */
    double first_bytes;     /* growth is from here */
    double bytes;           /* as seen last */
    uint64_t counters[TOP_COUNTERS];
    double rates[TOP_COUNTERS]; /* a second; not a number: not known yet */
    int64_t newest_second;      /* of history */
    int n_seconds;              /* that history has, up to the newest */
    float history[TOP_HISTORY_SECONDS];
};

/* Zero-fill it. */
struct top_tracks {
    struct top_track **heads;         /* a power of two of them */
    size_t n_heads, n_tracks, n_seen; /* seen in this update */
    uint64_t update;                  /* from 1 */
    int64_t now_ns;
};

/* What a snapshot says of a thing. */
struct top_sight {
    double bytes;
    uint64_t counters[TOP_COUNTERS];
    bool has_counters;
};

static inline bool top_key_equal(struct top_key left, struct top_key right) {
    return left.a == right.a && left.b == right.b;
}

/** top_key_text: a number for a text, for a part of a key. */
uint64_t top_key_text(const char *text);

/** top_tracks_begin: another snapshot, taken then (any clock that goes on evenly). */
void top_tracks_begin(struct top_tracks *tracks, int64_t now_ns);

/** top_tracks_see: what this snapshot says of the thing.  Its track, which lives at least until the
 *  end of the next snapshot that lacks it; NULL: no memory. What was not in the first snapshot
 *  grows from 0. */
struct top_track *top_tracks_see(struct top_tracks *tracks, struct top_key key,
                                 const struct top_sight *sight);

/** top_tracks_end: forget things that are gone, once they are many. */
void top_tracks_end(struct top_tracks *tracks);

/** top_tracks_find: NULL where nothing is known of it. */
struct top_track *top_tracks_find(const struct top_tracks *tracks, struct top_key key);

/** top_tracks_restart: let growth begin now, at 0. */
void top_tracks_restart(struct top_tracks *tracks);

/** top_tracks_free: give all memory back. */
void top_tracks_free(struct top_tracks *tracks);

/** top_track_growth: bytes since the start of watching. */
static inline double top_track_growth(const struct top_track *track) {
    return track->bytes - track->first_bytes;
}

/** top_track_history: the last minutes as n numbers, each the most of its stretch, the last up to
 *  now; not-a-numbers before the first.  How many seconds all of them stand for. */
int top_track_history(const struct top_track *track, float *values, int n);

#endif
