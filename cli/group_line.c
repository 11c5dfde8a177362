/* SPDX-License-Identifier: MIT */
/* What a process or a snapshot of JSON has live by call site, as lines to rank and compare. */
#include "cli/group_line.h"

#include <string.h>

void group_line(const struct snapshot *snapshot, const struct snapshot_group *group,
                unsigned side, struct snapshot_line *ret) {
    *ret = (struct snapshot_line){
        .what = group->what,
        .site = group->symbol[0] ? group->symbol : "?",
        .offset = group->offset,
    };
    if (group->image >= 0 && (size_t)group->image < snapshot->n_images) {
        const struct snapshot_image *image = &snapshot->images[group->image];
        ret->image = image->path;
        ret->build_id = image->build_id[0] ? image->build_id : NULL;
    }
    ret->bytes[side] = group->bytes;
    ret->count[side] = group->count;
    ret->oldest_seconds[side] = group->oldest_seconds > 0 ? (uint64_t)group->oldest_seconds : 0;
}

const char *group_lines_add(struct snapshot_set *set, const struct snapshot *snapshot,
                            unsigned side) {
    const char *wrong = NULL;
    for (size_t i = 0; i < snapshot->n_groups && !wrong; i++) {
        struct snapshot_line line;
        group_line(snapshot, &snapshot->groups[i], side, &line);
        wrong = snapshot_add(set, &line, side);
    }
    return wrong;
}
