/* SPDX-License-Identifier: MIT */
/* How old what is live is, by pool and type: of one snapshot, or of two to see what grows old.
 *
 * What leaks is never put: it grows old, and becomes more. A row is a *suspect* where, from one
 * snapshot to the later one, there are more in all, and more that are old. */
#ifndef CLI_AGES_H
#define CLI_AGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "cli/table.h"
#include "cli/view_owner.h"
#include "view/snapshot.h"

struct age_row {
    const char *what;
    const char *site; /* NULL: of all sites */
    uint64_t count[2], bytes[2], old[2]; /* `old` of count: beyond ages.old */
    int64_t oldest_seconds;              /* in the last snapshot; -1: unknown, or none */
    uint64_t ages[SNAPSHOT_AGES];        /* likewise */
    bool is_suspect;
};

struct ages {
    /* what to do */
    unsigned n_snapshots;
    const struct snapshot *snapshots[2];
    struct view_filter filter;
    size_t old; /* the first bucket of what is old */
    bool is_by_site;
    /* own */
    struct age_row *rows;
    size_t n_rows;
};

/** ages_old_parse: "10s", "1m", "10m", "1h" or "1d": one of the limits between buckets.
 *  An exit status. */
int ages_old_parse(const char *verb, const char *text, size_t *ret);

/** ages_add_up: fill in the rows, suspects first; 0 or -ENOMEM. To be given back by
 *  ages_release. */
int ages_add_up(struct ages *ages);

/** ages_table: fill a table, at most so many rows. */
void ages_table(const struct ages *ages, size_t most, struct table *ret);

/** ages_json: the same as an array. */
json_t *ages_json(const struct ages *ages, size_t most);

/** ages_release: give the rows back. */
void ages_release(struct ages *ages);

/** ages_bucket_name: "<10 s", up to "older". */
const char *ages_bucket_name(size_t bucket);

#endif
