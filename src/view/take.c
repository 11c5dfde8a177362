/* SPDX-License-Identifier: MIT */
/* snapshot_take. */
#include "view/take.h"

#include "sys/sys.h"

#include <errno.h>
#include <string.h>

int take_fail(struct take *take, int code, const char *what) {
    return code == -ENOMEM ? snapshot_fail(take->error, code, "no memory", NULL)
                           : snapshot_fail(take->error, code, "cannot read the process's", what);
}

/* Texts are never NULL, so that whoever formats need not ask. */
static const char *text_of(struct take *take, const char *bytes, size_t n) {
    const char *text = view_take_text(&take->snapshot->memory, bytes, n);
    return text != NULL ? text : "";
}

static int take_process(struct take *take) {
    struct snapshot *snapshot = take->snapshot;
    const struct publication *head = &take->layout.head;
    struct view_source *source = take->layout.source;
    uint64_t arena_used;
    int result = layout_seconds(&take->layout, &take->seconds);
    result = result != 0 ? result : layout_root(&take->layout, ROOT_OF_arena_used, &arena_used);
    if (result != 0) {
        return take_fail(take, result, "clock");
    }
    snapshot->source = (enum snapshot_source)source->kind;
    snapshot->pid = source->pid != 0 ? source->pid : (int64_t)head->pid;
    snapshot->program = text_of(take, head->program, sizeof head->program);
    snapshot->version = text_of(take, head->version, sizeof head->version);
    snapshot->taken_seconds = sys_wall_clock(&snapshot->taken_microseconds);
    snapshot->uptime_seconds = take->seconds > 0 ? take->seconds - 1 : 0;
    snapshot->arena_start = layout_number(&take->layout, NUMBER_arena_start);
    snapshot->arena_bytes = arena_used;
    return 0;
}

static int take_misuses(struct take *take) {
    struct snapshot *snapshot = take->snapshot;
    size_t n = take->layout.n_misuses;
    snapshot->misuses = view_take_array(&snapshot->memory, n, sizeof snapshot->misuses[0]);
    if (snapshot->misuses == NULL) {
        return take_fail(take, -ENOMEM, NULL);
    }
    for (size_t i = 0; i < n; i++) {
        const struct layout_misuse *misuse = &take->layout.misuses[i];
        snapshot->misuses[i].kind = text_of(take, misuse->kind, sizeof misuse->kind);
        int result = take_read(take, misuse->address, &snapshot->misuses[i].count,
                               sizeof snapshot->misuses[i].count);
        if (result != 0) {
            return take_fail(take, result, "counts of misuse");
        }
    }
    snapshot->n_misuses = n;
    return 0;
}

/* The parts that books tell: as observe/ledger.c has them. */
static void fill_ledger(struct snapshot *snapshot) {
    struct snapshot_ledger *ledger = &snapshot->ledger;
    for (size_t i = 0; i < snapshot->n_pools; i++) {
        const struct snapshot_pool *pool = &snapshot->pools[i];
        uint64_t live = pool->kind == SNAPSHOT_HEAP_CLASS ? 0 : pool->hot * pool->object_bytes;
        ledger->live += live;
        ledger->padding += pool->hot * pool->padded_bytes - live;
        ledger->cached += (pool->cached + pool->depot) * pool->padded_bytes;
        snapshot->slabs_bytes += pool->slab_bytes;
    }
    for (size_t i = 0; i < snapshot->n_accounts; i++) {
        uint64_t bytes = snapshot->accounts[i].live_bytes;
        bytes = bytes < ledger->padding ? bytes : ledger->padding;
        ledger->live += bytes;
        ledger->padding -= bytes;
    }
}

static int take_all(struct take *take) {
    static int (*const steps[])(struct take *take) = {
        take_process, take_misuses, take_pools,         take_components,
        take_accounts, take_threads, take_finish_pools, take_finish_accounts,
    };
    int result = 0;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && result == 0; i++) {
        result = steps[i](take);
    }
    if (result == 0) {
        fill_ledger(take->snapshot);
    }
    if (result == 0 && (take->options->want & SNAPSHOT_WANT_GROUPS) != 0) {
        result = take_groups(take);
        take->snapshot->has_groups = result == 0;
    }
    if (result == 0 && (take->options->want & SNAPSHOT_WANT_OBJECTS) != 0) {
        result = take_objects(take);
        take->snapshot->has_objects = result == 0;
    }
    if (result == 0 && (take->options->want & SNAPSHOT_WANT_STACKS) != 0) {
        result = take_stacks(take);
        take->snapshot->has_stacks = result == 0;
    }
    /* Then texts are missing: better no snapshot than one with holes. */
    return result == 0 && take->snapshot->memory.is_short ? take_fail(take, -ENOMEM, NULL) : result;
}

int snapshot_take(struct snapshot **ret, struct view_source *source,
                  const struct snapshot_options *options, struct snapshot_error *error) {
    struct view_memory scratch = {.left = 0};
    struct take *take = view_take(&scratch, sizeof *take);
    struct snapshot *snapshot = snapshot_new();
    memset(error, 0, sizeof *error);
    int result = take != NULL && snapshot != NULL
                     ? 0
                     : snapshot_fail(error, -ENOMEM, "no memory", NULL);
    if (result == 0) {
        take->scratch = scratch;
        take->options = options;
        take->snapshot = snapshot;
        take->error = error;
        result = layout_read(&take->layout, source, &take->scratch, error);
        result = result != 0 ? result : take_all(take);
        scratch = take->scratch;
    }
    view_give_all(&scratch);
    if (result != 0) {
        snapshot_free(snapshot);
        return result;
    }
    *ret = snapshot;
    return 0;
}
