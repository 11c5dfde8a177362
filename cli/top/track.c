/* SPDX-License-Identifier: MIT */
/* What is remembered of one thing from snapshot to snapshot. */
#include "cli/top/track.h"

#include <math.h>
#include <stdlib.h>

enum {
    HEADS_FIRST = 256,
    GONE_MAX = 4096, /* tracks of what is gone that are kept: it may come back */
};

static const int64_t second_ns = 1000000000;

uint64_t top_key_text(const char *text) {
    uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */
    for (; *text; text++) {
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
    }
    return hash;
}

static size_t head_of(struct top_key key, size_t n_heads) {
    uint64_t mixed = (key.a ^ (key.b << 32 | key.b >> 32)) * 0x9e3779b97f4a7c15;
    return (size_t)(mixed >> 32) & (n_heads - 1);
}

struct top_track *top_tracks_find(const struct top_tracks *tracks, struct top_key key) {
    struct top_track *track = tracks->n_heads ? tracks->heads[head_of(key, tracks->n_heads)] : NULL;
    while (track != NULL && !top_key_equal(track->key, key)) {
        track = track->next;
    }
    return track;
}

/* More heads, where chains would become long. False: no memory, and no head at all. */
static bool make_heads(struct top_tracks *tracks) {
    if (tracks->n_tracks < tracks->n_heads) {
        return true;
    }
    size_t n = tracks->n_heads ? tracks->n_heads * 2 : HEADS_FIRST;
    struct top_track **heads = calloc(n, sizeof(struct top_track *));
    if (heads == NULL) {
        return tracks->n_heads != 0;
    }
    for (size_t i = 0; i < tracks->n_heads; i++) {
        struct top_track *next;
        for (struct top_track *track = tracks->heads[i]; track != NULL; track = next) {
            next = track->next;
            struct top_track **head = &heads[head_of(track->key, n)];
            track->next = *head;
            *head = track;
        }
    }
    free(tracks->heads);
    tracks->heads = heads;
    tracks->n_heads = n;
    return true;
}

static struct top_track *add(struct top_tracks *tracks, struct top_key key, double bytes) {
    struct top_track *track = make_heads(tracks) ? calloc(1, sizeof(*track)) : NULL;
    if (track == NULL) {
        return NULL;
    }
    struct top_track **head = &tracks->heads[head_of(key, tracks->n_heads)];
    track->key = key;
    track->next = *head;
    track->first_bytes = tracks->update == 1 ? bytes : 0;
    for (size_t i = 0; i < TOP_COUNTERS; i++) {
        track->rates[i] = NAN;
    }
    *head = track;
    tracks->n_tracks++;
    return track;
}

void top_tracks_begin(struct top_tracks *tracks, int64_t now_ns) {
    tracks->update++;
    tracks->now_ns = now_ns;
    tracks->n_seen = 0;
}

/* Counters are read while they move, and may seem to go back a little: nothing happened then. */
static void count(struct top_track *track, const struct top_sight *sight, int64_t now_ns) {
    bool is_known = track->update != 0 && sight->has_counters && now_ns > track->seen_ns;
    for (size_t i = 0; i < TOP_COUNTERS; i++) {
        uint64_t before = track->counters[i], after = sight->counters[i];
        double more = after > before ? (double)(after - before) : 0;
        track->rates[i] =
            is_known ? more * (double)second_ns / (double)(now_ns - track->seen_ns) : NAN;
        track->counters[i] = after;
    }
}

/* Seconds that no snapshot was taken in are as the one before. */
static void remember(struct top_track *track, float value, int64_t now_ns) {
    int64_t second = now_ns / second_ns;
    int64_t gap = track->n_seconds ? second - track->newest_second : TOP_HISTORY_SECONDS;
    if (gap < 0 || gap >= TOP_HISTORY_SECONDS) {
        track->n_seconds = 0;
    }
    if (track->n_seconds) {
        float last = track->history[track->newest_second % TOP_HISTORY_SECONDS];
        for (int64_t i = 1; i < gap; i++) {
            track->history[(track->newest_second + i) % TOP_HISTORY_SECONDS] = last;
        }
        track->n_seconds += (int)gap;
    } else {
        track->n_seconds = 1;
    }
    if (track->n_seconds > TOP_HISTORY_SECONDS) {
        track->n_seconds = TOP_HISTORY_SECONDS;
    }
    track->history[second % TOP_HISTORY_SECONDS] = value;
    track->newest_second = second;
}

struct top_track *top_tracks_see(struct top_tracks *tracks, struct top_key key,
                                 const struct top_sight *sight) {
    struct top_track *track = top_tracks_find(tracks, key);
    if (track == NULL) {
        track = add(tracks, key, sight->bytes);
    }
    /* Two things of one key are not, but in a damaged snapshot; the first is the one. */
    if (track == NULL || track->update == tracks->update) {
        return track;
    }
    count(track, sight, tracks->now_ns);
    remember(track, (float)sight->bytes, tracks->now_ns);
    track->bytes = sight->bytes;
    track->seen_ns = tracks->now_ns;
    track->update = tracks->update;
    tracks->n_seen++;
    return track;
}

/* Everything that the last update did not see, or (all) all of it. */
static void forget(struct top_tracks *tracks, bool all) {
    for (size_t i = 0; i < tracks->n_heads; i++) {
        struct top_track **link = &tracks->heads[i];
        while (*link != NULL) {
            struct top_track *track = *link;
            if (all || track->update != tracks->update) {
                *link = track->next;
                free(track);
                tracks->n_tracks--;
            } else {
                link = &track->next;
            }
        }
    }
}

void top_tracks_end(struct top_tracks *tracks) {
    if (tracks->n_tracks - tracks->n_seen > GONE_MAX) {
        forget(tracks, false);
    }
}

void top_tracks_restart(struct top_tracks *tracks) {
    for (size_t i = 0; i < tracks->n_heads; i++) {
        for (struct top_track *track = tracks->heads[i]; track != NULL; track = track->next) {
            bool is_gone = track->update != tracks->update;
            track->first_bytes = is_gone ? 0 : track->bytes;
        }
    }
}

void top_tracks_free(struct top_tracks *tracks) {
    forget(tracks, true);
    free(tracks->heads);
    *tracks = (struct top_tracks){.heads = NULL};
}

/* The most of a stretch of seconds; not a number: nothing is known of any. */
static float most_of(const struct top_track *track, int64_t first, int64_t end) {
    int64_t oldest = track->newest_second - track->n_seconds + 1;
    first = first < oldest ? oldest : first;
    end = end > track->newest_second + 1 ? track->newest_second + 1 : end;
    float most = NAN;
    for (int64_t second = first; second < end; second++) {
        float value = track->history[second % TOP_HISTORY_SECONDS];
        most = isnan(most) || value > most ? value : most;
    }
    return most;
}

/* Stretches begin at whole multiples of their length, so that they do not change as time goes. */
int top_track_history(const struct top_track *track, float *values, int n) {
    int wide = track->n_seconds > n ? (TOP_HISTORY_SECONDS + n - 1) / n : 1;
    int64_t newest = track->newest_second / wide;
    for (int i = 0; i < n; i++) {
        int64_t first = (newest - (n - 1 - i)) * wide;
        values[i] = most_of(track, first, first + wide);
    }
    return n * wide;
}
