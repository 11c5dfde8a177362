/* SPDX-License-Identifier: MIT */
/* Components as a tree: each below the one that is charged with it. */
#ifndef CLI_COMPONENT_TREE_H
#define CLI_COMPONENT_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "view/snapshot.h"

/** component_tree_print: a table of at most so many; without is_all not those that ended and hold
 *  nothing. The last row has the sums of all.  0 or a negative errno. */
int component_tree_print(const struct snapshot *snapshot, size_t most, bool is_all, bool is_exact,
                         FILE *stream);

#endif
