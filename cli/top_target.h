/* SPDX-License-Identifier: MIT */
/* Snapshots of a target for `mempool top`. */
#ifndef CLI_TOP_TARGET_H
#define CLI_TOP_TARGET_H

#include "cli/target.h"
#include "cli/top/feed.h"

struct top_target {
    struct top_feed feed; /* the first member */
    struct target *target;
    uint64_t start_ticks; /* of the process: another of its number has another */
};

/** top_target_begin: for a target that is open, and stays open as long. */
void top_target_begin(struct top_target *feed, struct target *target);

#endif
