/* SPDX-License-Identifier: MIT */
/* What a process or a snapshot of JSON has live by call site, as lines to rank and compare. */
#ifndef CLI_GROUP_LINE_H
#define CLI_GROUP_LINE_H

#include "cli/snapshot.h"
#include "view/snapshot.h"

/** group_line: one group as a line; texts are the snapshot's. */
void group_line(const struct snapshot *snapshot, const struct snapshot_group *group,
                unsigned side, struct snapshot_line *ret);

/** group_lines_add: all groups of a snapshot, which has to outlive the set.
 *  Shape: NULL, or what is wrong. */
const char *group_lines_add(struct snapshot_set *set, const struct snapshot *snapshot,
                            unsigned side);

#endif
