/* SPDX-License-Identifier: MIT */
/* `mempool show`: its parts. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <jansson.h>

#include "cli/source.h"
#include "view/snapshot.h"

enum show_sort {
    SHOW_BY_BYTES = 0,
    SHOW_BY_COUNT,
    SHOW_BY_PEAK,
    SHOW_BY_CACHED,
    SHOW_BY_SLABS,
    SHOW_BY_GETS,
    SHOW_BY_MISSES,
    SHOW_BY_NAME,
    SHOW_BY_AGE, /* oldest first */
};

struct show {
    const struct snapshot *snapshot;
    enum show_sort sort;
    size_t most; /* rows of a table */
    bool is_all, is_exact;
};

/** show_sort_parse: an exit status. */
int show_sort_parse(const char *verb, const char *word, enum show_sort *ret);

/** show_pools_order: pools that are to be shown, in order: an array of pointers, to be given back
 *  by free(3), or NULL: no memory. Without is_all those of the program only. */
const struct snapshot_pool **show_pools_order(const struct show *show, size_t *ret_n);

/** show_accounts_order: likewise; without is_all those that hold something. */
const struct snapshot_account **show_accounts_order(const struct show *show, size_t *ret_n);

/** show_process: tables of everything.  0 or a negative errno. */
int show_process(const struct show *show, FILE *stream);

/** show_process_json: the same, without limits but `most`; NULL: no memory. */
json_t *show_process_json(const struct show *show);

/** show_pool: all about one pool, the ages of what is live and who got it.  0 or a negative
 *  errno. */
int show_pool(const struct show *show, const struct snapshot_pool *pool,
              struct source_reader *sources, FILE *stream);

/** show_pool_json: the same; NULL: no memory. */
json_t *show_pool_json(const struct show *show, const struct snapshot_pool *pool,
                       struct source_reader *sources);

#endif
