/* SPDX-License-Identifier: MIT */
/* Snapshots made by hand, of any size. */
#ifndef TESTS_TOP_MADE_H
#define TESTS_TOP_MADE_H

#include "check.h"
#include "view/snapshot.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static inline const char *made_text(struct snapshot *snapshot, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline const char *made_text(struct snapshot *snapshot, const char *format, ...) {
    char text[128];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    const char *made = view_take_text(&snapshot->memory, text, sizeof(text));
    CHECK(made != NULL);
    return made;
}

static inline void *made_array(struct snapshot *snapshot, size_t n, size_t bytes) {
    void *made = view_take_array(&snapshot->memory, n, bytes);
    CHECK(made != NULL);
    return made;
}

/* A process with so many of each; all numbers 0, and names by number. */
static inline struct snapshot *made_snapshot(size_t n_pools, size_t n_components, size_t n_accounts,
                                             size_t n_threads) {
    struct snapshot *made = snapshot_new();
    CHECK(made != NULL);
    made->pid = 4711;
    made->program = "made";
    made->version = "0.1.0";
    made->pools = made_array(made, n_pools, sizeof(*made->pools));
    made->components = made_array(made, n_components, sizeof(*made->components));
    made->accounts = made_array(made, n_accounts, sizeof(*made->accounts));
    made->threads = made_array(made, n_threads, sizeof(*made->threads));
    made->n_pools = n_pools;
    made->n_components = n_components;
    made->n_accounts = n_accounts;
    made->n_threads = n_threads;
    for (size_t i = 0; i < n_pools; i++) {
        made->pools[i].number = (uint32_t)i;
        made->pools[i].serial = i + 1;
        made->pools[i].name = made_text(made, "part%zu:pool%zu", i % 7, i);
        made->pools[i].component = SNAPSHOT_NONE;
        made->pools[i].object_bytes = 100;
        made->pools[i].padded_bytes = 112;
    }
    for (size_t i = 0; i < n_components; i++) {
        made->components[i].name = made_text(made, "part%zu", i);
        made->components[i].generation = 1;
        made->components[i].parent = i ? 0 : SNAPSHOT_NONE;
    }
    for (size_t i = 0; i < n_accounts; i++) {
        made->accounts[i].number = (uint32_t)i + 1;
        made->accounts[i].type = made_text(made, "type%zu", i);
    }
    for (size_t i = 0; i < n_threads; i++) {
        made->threads[i].number = (uint32_t)i + 1;
        made->threads[i].id = (int64_t)(1000 + i);
        made->threads[i].name = made_text(made, "worker%zu", i);
    }
    return made;
}

/* So many call sites, of the pools in turn. */
static inline void made_groups(struct snapshot *made, size_t n) {
    made->groups = made_array(made, n, sizeof(*made->groups));
    made->n_groups = n;
    made->has_groups = true;
    for (size_t i = 0; i < n; i++) {
        struct snapshot_group *group = &made->groups[i];
        group->pool = made->n_pools ? (int32_t)(i % made->n_pools) : SNAPSHOT_NONE;
        group->account = group->image = SNAPSHOT_NONE;
        group->what = made->n_pools ? made->pools[i % made->n_pools].name : "(rest)";
        group->site = 0x400000 + i;
        group->symbol = made_text(made, "function%zu+0x12", i);
        group->count = n - i;
        group->bytes = (n - i) * 100;
        group->oldest_seconds = (int64_t)i;
        group->ages[i % SNAPSHOT_AGES] = n - i;
    }
}

#endif
