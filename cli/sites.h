/* SPDX-License-Identifier: MIT */
/* Call sites of one snapshot, ranked: for `mempool sites`, and for one pool `mempool show`. */
#ifndef CLI_SITES_H
#define CLI_SITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "cli/source.h"
#include "cli/table.h"
#include "cli/view_owner.h"
#include "view/snapshot.h"

struct sites {
    const struct snapshot *snapshot;
    const struct snapshot_group **groups; /* those that were asked for, most bytes first */
    size_t n_groups;
    uint64_t bytes, count; /* of those */
};

/** sites_choose: 0 or -ENOMEM; to be given back by sites_release. */
int sites_choose(struct sites *ret, const struct snapshot *snapshot,
                 const struct view_filter *filter, unsigned min_age_seconds);

/** sites_table: fill a table, at most so many rows, with a row of sums. */
void sites_table(const struct sites *sites, struct source_reader *sources, size_t most,
                 bool is_exact, struct table *ret);

/** sites_json: at most so many, as an array. */
json_t *sites_json(const struct sites *sites, struct source_reader *sources, size_t most);

/** sites_release: give the list back. */
void sites_release(struct sites *sites);

#endif
