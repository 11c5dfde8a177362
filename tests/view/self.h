/* SPDX-License-Identifier: MIT */
/* Short ways to take a snapshot of the test itself. */
#ifndef TESTS_VIEW_SELF_H
#define TESTS_VIEW_SELF_H

#include "check.h"

#include "publish/self.h"
#include "view/snapshot.h"

#include <stdio.h>
#include <string.h>

static inline struct snapshot *self_snapshot(unsigned want) {
    struct view_source source;
    struct snapshot_options options = {.want = want};
    struct snapshot_error error;
    struct snapshot *snapshot = NULL;
    CHECK(view_source_self(&source));
    if (snapshot_take(&snapshot, &source, &options, &error) != 0) {
        fprintf(stderr, "snapshot_take: %s (%d)\n", error.text, error.code);
        CHECK(false);
    }
    return snapshot;
}

/* The row of a pool, by its handle; NULL: none. */
static inline const struct snapshot_pool *row_of(const struct snapshot *snapshot,
                                                 const void *handle) {
    for (size_t i = 0; i < snapshot->n_pools; i++) {
        if (snapshot->pools[i].address == (uintptr_t)handle) {
            return &snapshot->pools[i];
        }
    }
    return NULL;
}

#endif
