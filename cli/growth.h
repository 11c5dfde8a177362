/* SPDX-License-Identifier: MIT */
/* How counters of pools and accounts changed from one snapshot to a later one.
 *
 * Pools of one name are one row, as are accounts of one component's name and type: a process that
 * was started again has the same ones. */
#ifndef CLI_GROWTH_H
#define CLI_GROWTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <jansson.h>

#include "view/snapshot.h"

/** growth_tables: a table of pools and one of accounts, most bytes first, at most so many rows
 *  each; without is_all only those that hold more, missed, refused or reported more.
 *  0 or a negative errno. */
int growth_tables(const struct snapshot *const snapshots[2], size_t most, bool is_all,
                  FILE *stream);

/** growth_add_json: all of it, as the members "pools" and "accounts" of an object. */
void growth_add_json(json_t *object, const struct snapshot *const snapshots[2]);

#endif
