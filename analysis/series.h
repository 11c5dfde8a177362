/* SPDX-License-Identifier: MIT */
/* What changed in a process from snapshot to snapshot. */
#ifndef ANALYSIS_SERIES_H
#define ANALYSIS_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "replay/memory.h"
#include "view/snapshot.h"

/*
 * THEORY
 *
 * Snapshots are added in any order, kept as columns of numbers, and put in order of time at the
 * end. A *line* is one thing that many snapshots tell: a pool or an account (by its name, so that
 * one that was made anew goes on), a component, or a call site of one of them. What a snapshot does
 * not have is 0 there. Of each snapshot the SERIES_SITES largest sites are taken.
 *
 * The *slope* of a line is that of the straight line that fits its bytes best (least squares), and
 * `fit` how well it does: 1 is a straight line, which is how a leak looks; near 0 is up and down.
 */

enum {
    SERIES_SNAPSHOTS = 500, /* at most */
    SERIES_SITES = 2000,
};

enum series_kind {
    SERIES_OWNERS, /* pools and accounts */
    SERIES_COMPONENTS,
    SERIES_PLACES, /* call sites */
    SERIES_KINDS,
};

struct series_line {
    const char *what, *detail; /* detail: of a call site its symbol, else "" */
    uint64_t *bytes, *count;   /* by snapshot */
    /* made at the end */
    double bytes_per_second; /* the slope */
    double fit;
    uint64_t peak_bytes;
};

struct series_lines {
    struct series_line *lines; /* at the end: largest slope first, of places; else highest peak */
    size_t n, room;
    uint32_t *table; /* line + 1 by name: open addressing, at most half full */
    size_t n_table;  /* a power of two */
};

/* One snapshot's own numbers. */
struct series_moment {
    double seconds; /* since 1970 */
    int64_t pid;
    uint64_t live_bytes, live_count;
    uint64_t gets, misuses;
    bool has_places;
    struct snapshot_ledger ledger;
};

struct series {
    struct replay_memory memory; /* holds this struct too */
    size_t n_max;
    size_t n;
    struct series_moment *moments;
    struct series_lines of[SERIES_KINDS];
};

/** series_new: for so many snapshots, SERIES_SNAPSHOTS at most. NULL with errno ENOMEM or EINVAL;
 *  to be given back by series_free. */
struct series *series_new(size_t n_max);

/** series_add: another snapshot, which the series does not need afterwards. 0 or -ENOMEM. */
int series_add(struct series *series, const struct snapshot *snapshot);

/** series_finish: put all in order; nothing can be added afterwards. 0 or -ENOMEM. */
int series_finish(struct series *series);

/** series_free: NULL is ignored. */
void series_free(struct series *series);

#endif
