/* SPDX-License-Identifier: MIT */
/* What changed in a process from snapshot to snapshot: collecting it. */
#include "analysis/series.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    LINES_FIRST = 64,
    NAME_BYTES = 512,
};

struct series *series_new(size_t n_max) {
    struct replay_memory memory = {0};
    if (n_max == 0 || n_max > SERIES_SNAPSHOTS) {
        errno = EINVAL;
        return NULL;
    }
    struct series *series = replay_memory_take(&memory, 1, sizeof(*series));
    if (!series) {
        return NULL;
    }
    series->memory = memory;
    series->n_max = n_max;
    series->moments = replay_memory_take(&series->memory, n_max, sizeof(series->moments[0]));
    if (!series->moments) {
        series_free(series);
        return NULL;
    }
    return series;
}

void series_free(struct series *series) {
    if (series) {
        struct replay_memory memory = series->memory; /* which holds the struct itself */
        replay_memory_release(&memory);
    }
}

static uint64_t hash_of(const char *what, const char *detail) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *what; what++) {
        hash = (hash ^ (unsigned char)*what) * UINT64_C(0x100000001b3);
    }
    hash = (hash ^ 0xff) * UINT64_C(0x100000001b3);
    for (; *detail; detail++) {
        hash = (hash ^ (unsigned char)*detail) * UINT64_C(0x100000001b3);
    }
    return hash ^ hash >> 32;
}

/* Where in the table a line is, or would be. */
static size_t place_of(const struct series_lines *lines, const char *what, const char *detail) {
    size_t at = (size_t)hash_of(what, detail) & (lines->n_table - 1);
    while (lines->table[at] != 0) {
        const struct series_line *line = &lines->lines[lines->table[at] - 1];
        if (strcmp(line->what, what) == 0 && strcmp(line->detail, detail) == 0) {
            break;
        }
        at = (at + 1) & (lines->n_table - 1);
    }
    return at;
}

/* Room for twice as many. */
static int grow(struct series *series, struct series_lines *lines) {
    size_t room = lines->room ? lines->room * 2 : LINES_FIRST;
    struct series_lines grown = {
        .lines = replay_memory_take(&series->memory, room, sizeof(grown.lines[0])),
        .n = lines->n,
        .room = room,
        .table = replay_memory_take(&series->memory, room * 2, sizeof(grown.table[0])),
        .n_table = room * 2,
    };
    if (!grown.lines || !grown.table) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < lines->n; i++) {
        grown.lines[i] = lines->lines[i];
        grown.table[place_of(&grown, grown.lines[i].what, grown.lines[i].detail)] = (uint32_t)i + 1;
    }
    *lines = grown;
    return 0;
}

static const char *copy(struct series *series, const char *text) {
    size_t bytes = strlen(text) + 1;
    char *made = replay_memory_take(&series->memory, bytes, 1);
    return made ? memcpy(made, text, bytes) : NULL;
}

static struct series_line *add_line(struct series *series, struct series_lines *lines,
                                    const char *what, const char *detail) {
    struct series_line line = {
        .what = copy(series, what),
        .detail = *detail ? copy(series, detail) : "",
        .bytes = replay_memory_take(&series->memory, series->n_max, sizeof(uint64_t)),
        .count = replay_memory_take(&series->memory, series->n_max, sizeof(uint64_t)),
    };
    if (!line.what || !line.detail || !line.bytes || !line.count) {
        return NULL;
    }
    lines->lines[lines->n] = line;
    return &lines->lines[lines->n++];
}

/* Add to what the snapshot that is being added has of one thing. */
static int add(struct series *series, enum series_kind kind, const char *what, const char *detail,
               uint64_t bytes, uint64_t count) {
    struct series_lines *lines = &series->of[kind];
    if (lines->n == lines->room && grow(series, lines) != 0) {
        return -ENOMEM;
    }
    size_t at = place_of(lines, what, detail);
    struct series_line *line = lines->table[at] != 0 ? &lines->lines[lines->table[at] - 1]
                                                     : add_line(series, lines, what, detail);
    if (!line) {
        return -ENOMEM;
    }
    lines->table[at] = (uint32_t)(line - lines->lines) + 1;
    line->bytes[series->n] += bytes;
    line->count[series->n] += count;
    return 0;
}

static const char *component_name(const struct snapshot *snapshot, int32_t index) {
    bool is_one = index >= 0 && (size_t)index < snapshot->n_components;
    return is_one ? snapshot->components[index].name : "(process)";
}

/* Pools and accounts count for themselves and for their components. */
static int add_owner(struct series *series, const struct snapshot *snapshot, int32_t component,
                     const char *name, uint64_t bytes, uint64_t count) {
    struct series_moment *moment = &series->moments[series->n];
    moment->live_bytes += bytes;
    moment->live_count += count;
    int result = add(series, SERIES_OWNERS, name, "", bytes, count);
    return result != 0 ? result
                       : add(series, SERIES_COMPONENTS, component_name(snapshot, component), "",
                             bytes, count);
}

static int add_pools(struct series *series, const struct snapshot *snapshot) {
    int result = 0;
    for (size_t i = 0; result == 0 && i < snapshot->n_pools; i++) {
        const struct snapshot_pool *pool = &snapshot->pools[i];
        if (pool->kind == SNAPSHOT_HEAP_CLASS) {
            continue; /* accounts tell its blocks */
        }
        uint64_t count = pool->hot + pool->curr_stdalloc;
        series->moments[series->n].gets += pool->alloc_count;
        result = add_owner(series, snapshot, pool->component, pool->name,
                           count * pool->object_bytes, count);
    }
    return result;
}

static int add_accounts(struct series *series, const struct snapshot *snapshot) {
    int result = 0;
    for (size_t i = 0; result == 0 && i < snapshot->n_accounts; i++) {
        const struct snapshot_account *account = &snapshot->accounts[i];
        char name[NAME_BYTES];
        snprintf(name, sizeof(name), "%s:%s", component_name(snapshot, account->component),
                 account->type);
        series->moments[series->n].gets += account->total_blocks;
        result = add_owner(series, snapshot, account->component, name, account->live_bytes,
                           account->live_blocks);
    }
    return result;
}

int series_add(struct series *series, const struct snapshot *snapshot) {
    if (series->n == series->n_max) {
        return -ENOSPC;
    }
    struct series_moment *moment = &series->moments[series->n];
    *moment = (struct series_moment){
        .seconds = (double)snapshot->taken_seconds + (double)snapshot->taken_microseconds / 1000000,
        .pid = snapshot->pid,
        .has_places = snapshot->has_groups,
        .ledger = snapshot->ledger,
    };
    for (size_t i = 0; i < snapshot->n_misuses; i++) {
        moment->misuses += snapshot->misuses[i].count;
    }
    int result = add_pools(series, snapshot);
    if (result == 0) {
        result = add_accounts(series, snapshot);
    }
    for (size_t i = 0; result == 0 && i < snapshot->n_groups && i < SERIES_SITES; i++) {
        const struct snapshot_group *group = &snapshot->groups[i];
        result = add(series, SERIES_PLACES, group->what, group->symbol, group->bytes, group->count);
    }
    series->n += result == 0;
    return result;
}
