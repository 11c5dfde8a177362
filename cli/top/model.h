/* SPDX-License-Identifier: MIT */
/* What is known of the process: its last snapshot, and what was remembered of those before.
 *
 * THEORY
 *
 *      snapshot --top_model_update--> model (snapshot, tracks, totals) --top_rows_make--> rows
 *
 * Nothing here looks at a clock, a process or a terminal. The counters come with each snapshot;
 * call sites only with those that were asked for them, since reading them means a visit to every
 * live object: so the model keeps the last snapshot that has call sites beside the last one. Their
 * indices lead into that one. */
#ifndef CLI_TOP_MODEL_H
#define CLI_TOP_MODEL_H

#include "cli/top/column.h"
#include "cli/top/track.h"
#include "view/snapshot.h"

/* A component with all below it. */
struct top_branch {
    double live, bytes, cached;
    uint64_t counters[TOP_COUNTERS];
    double rates[TOP_COUNTERS];
    int32_t parent; /* always a lower index, or SNAPSHOT_NONE */
    int depth;
};

struct top_totals {
    double live, bytes;  /* of pools and accounts */
    double cached_bytes; /* of all threads */
    uint64_t pools, misuses;
};

/* Zero-fill it. */
struct top_model {
    struct snapshot *now, *sites;  /* own; may be one and the same; NULL: none yet */
    int64_t now_ns, sites_ns;      /* when they were taken */
    bool is_still;                 /* it does not change: no rates, no growth */
    struct snapshot_ledger ledger; /* the last that was read */
    struct top_tracks tracks[TOP_VIEWS];
    struct top_track **found[TOP_VIEWS]; /* of each thing in `now` (call sites: in `sites`) */
    size_t n_found[TOP_VIEWS];
    struct top_tracks process; /* one track, of live bytes */
    struct top_track *whole;
    struct top_branch *branches; /* of each component */
    const char **component_names; /* "component#2" of each; likewise */
    const char **account_names;  /* "component:type" of each; in the snapshot's memory */
    struct top_totals totals;
};

/** top_model_update: take over a snapshot, taken at now_ns by a clock that goes on evenly.
 *  Shape: 0; or -ENOMEM, and the model is fit only for top_model_free, or for another update. */
int top_model_update(struct top_model *model, struct snapshot *snapshot, int64_t now_ns);

/** top_model_restart: let growth begin at 0 now. */
void top_model_restart(struct top_model *model);

/** top_model_free: give all memory back. */
void top_model_free(struct top_model *model);

/** top_model_snapshot: the one that a view's things are in; NULL: none. */
const struct snapshot *top_model_snapshot(const struct top_model *model, enum top_view view);

/** top_model_count: how many things a view has. */
size_t top_model_count(const struct top_model *model, enum top_view view);

/** top_model_find: the index of a thing; -1: it is gone. */
int64_t top_model_find(const struct top_model *model, enum top_view view, struct top_key key);

/** top_pool_key: names a pool, also once it is destroyed with live objects. */
struct top_key top_pool_key(const struct snapshot_pool *pool);

/** top_pool_live: live objects, those from malloc too. */
static inline double top_pool_live(const struct snapshot_pool *pool) {
    return (double)pool->hot + (double)pool->curr_stdalloc;
}

/** top_pool_bytes: of those, as asked for; of a size class, which knows no more, of its slots. */
static inline double top_pool_bytes(const struct snapshot_pool *pool) {
    bool is_class = pool->kind == SNAPSHOT_HEAP_CLASS;
    return top_pool_live(pool) * (double)(is_class ? pool->padded_bytes : pool->object_bytes);
}

#endif
