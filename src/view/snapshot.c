/* SPDX-License-Identifier: MIT */
/* A snapshot's beginning and end. */
#include "view/snapshot.h"

const int64_t snapshot_age_limits[SNAPSHOT_AGES - 1] = {10, 60, 600, 3600, 86400};

struct snapshot *snapshot_new(void) {
    struct view_memory memory = {.left = 0};
    struct snapshot *snapshot = view_take(&memory, sizeof *snapshot);
    if (snapshot != NULL) {
        snapshot->memory = memory;
        snapshot->program = snapshot->version = "";
    }
    return snapshot;
}

void snapshot_free(struct snapshot *snapshot) {
    if (snapshot != NULL) {
        struct view_memory memory = snapshot->memory; /* it lies in what is given back */
        view_give_all(&memory);
    }
}
