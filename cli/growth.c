/* SPDX-License-Identifier: MIT */
/* How counters of pools and accounts changed from one snapshot to a later one. */
#include "cli/growth.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json_value.h"
#include "cli/table.h"
#include "export/derive.h"
#include "replay/memory.h"

enum {
    COLUMNS = 9,
};

struct row {
    const char *name, *type; /* type NULL: of a pool, whose name has it */
    uint64_t values[2][COLUMNS];
};

struct column {
    const char *title;
    const char *key;  /* in JSON */
    bool is_reason;   /* its growth alone is worth a row */
};

struct kind {
    const char *key, *title;
    struct column columns[COLUMNS];
    size_t n_columns;
    size_t (*count)(const struct snapshot *snapshot);
    /* False: not for this table. */
    bool (*fill)(const struct snapshot *snapshot, size_t i, struct row *ret, unsigned side);
};

struct rows {
    struct replay_memory memory;
    struct row *rows;
    size_t n;
};

static size_t count_pools(const struct snapshot *snapshot) {
    return snapshot->n_pools;
}

static bool fill_pool(const struct snapshot *snapshot, size_t i, struct row *ret, unsigned side) {
    const struct snapshot_pool *pool = &snapshot->pools[i];
    const uint64_t values[COLUMNS] = {
        derive_live_bytes(pool),
        derive_live_objects(pool),
        pool->slab_bytes,
        pool->alloc_count,
        pool->put_count,
        pool->pool_misses,
        pool->refused,
        pool->misuses,
    };
    ret->name = pool->name;
    memcpy(ret->values[side], values, sizeof(values));
    return pool->kind != SNAPSHOT_HEAP_CLASS;
}

static size_t count_accounts(const struct snapshot *snapshot) {
    return snapshot->n_accounts;
}

static bool fill_account(const struct snapshot *snapshot, size_t i, struct row *ret,
                         unsigned side) {
    const struct snapshot_account *account = &snapshot->accounts[i];
    const uint64_t values[COLUMNS] = {
        account->live_bytes,  account->live_blocks,  account->peak_bytes,
        account->peak_blocks, account->total_blocks, account->total_frees,
    };
    bool is_known =
        account->component >= 0 && (size_t)account->component < snapshot->n_components;
    ret->name = is_known ? snapshot->components[account->component].name : "?";
    ret->type = account->type;
    memcpy(ret->values[side], values, sizeof(values));
    return true;
}

static const struct kind kinds[] = {
    {
        .key = "pools",
        .title = "pool",
        .columns = {{"bytes", "live_bytes", true},
                    {"objects", "live_objects", true},
                    {"slab bytes", "slab_bytes", true},
                    {"gets", "gets", false},
                    {"puts", "puts", false},
                    {"misses", "misses", true},
                    {"refused", "refused", true},
                    {"misuses", "misuses", true}},
        .n_columns = 8,
        .count = count_pools,
        .fill = fill_pool,
    },
    {
        .key = "accounts",
        .title = "account",
        .columns = {{"bytes", "live_bytes", true},
                    {"blocks", "live_blocks", true},
                    {"peak bytes", "peak_bytes", false},
                    {"peak blocks", "peak_blocks", false},
                    {"allocations", "allocations", false},
                    {"frees", "frees", false}},
        .n_columns = 6,
        .count = count_accounts,
        .fill = fill_account,
    },
};

enum {
    KINDS = sizeof(kinds) / sizeof(kinds[0]),
};

static int64_t growth(const struct row *row, size_t column) {
    return (int64_t)(row->values[1][column] - row->values[0][column]);
}

static int compare_names(const void *left, const void *right) {
    const struct row *a = left, *b = right;
    int order = strcmp(a->name, b->name);
    return order != 0 || !a->type ? order : strcmp(a->type, b->type);
}

/* Largest growth first: of bytes, and then of how many. */
static int compare_growth(const void *left, const void *right) {
    const struct row *a = left, *b = right;
    for (size_t column = 0; column < 2; column++) {
        int64_t of_a = growth(a, column), of_b = growth(b, column);
        if (of_a != of_b) {
            return of_a < of_b ? 1 : -1;
        }
    }
    return compare_names(left, right);
}

/* Rows of one name become one. */
static void join(struct rows *rows) {
    size_t n = 0;
    qsort(rows->rows, rows->n, sizeof(*rows->rows), compare_names);
    for (size_t i = 0; i < rows->n; i++) {
        if (n == 0 || compare_names(&rows->rows[n - 1], &rows->rows[i]) != 0) {
            rows->rows[n++] = rows->rows[i];
            continue;
        }
        for (size_t at = 0; at < 2 * COLUMNS; at++) {
            rows->rows[n - 1].values[at / COLUMNS][at % COLUMNS] +=
                rows->rows[i].values[at / COLUMNS][at % COLUMNS];
        }
    }
    rows->n = n;
}

/* 0 or -ENOMEM. */
static int take(struct rows *rows, const struct kind *kind,
                const struct snapshot *const snapshots[2]) {
    size_t n = kind->count(snapshots[0]) + kind->count(snapshots[1]);
    rows->rows = replay_memory_take(&rows->memory, n > 0 ? n : 1, sizeof(*rows->rows));
    if (!rows->rows) {
        return -ENOMEM;
    }
    for (unsigned side = 0; side < 2; side++) {
        for (size_t i = 0; i < kind->count(snapshots[side]); i++) {
            struct row row = {.name = NULL};
            if (kind->fill(snapshots[side], i, &row, side)) {
                rows->rows[rows->n++] = row;
            }
        }
    }
    join(rows);
    qsort(rows->rows, rows->n, sizeof(*rows->rows), compare_growth);
    return 0;
}

static bool is_wanted(const struct kind *kind, const struct row *row) {
    for (size_t column = 0; column < kind->n_columns; column++) {
        if (kind->columns[column].is_reason && growth(row, column) > 0) {
            return true;
        }
    }
    return false;
}

static void add_row(struct table *table, const struct kind *kind, const struct row *row) {
    table_row(table);
    for (size_t column = 0; column < kind->n_columns; column++) {
        table_cell(table, "%+" PRId64, growth(row, column));
    }
    table_cell(table, "%s%s%s", row->name, row->type ? ":" : "", row->type ? row->type : "");
}

static int print(const struct kind *kind, const struct rows *rows, size_t most, bool is_all,
                 FILE *stream) {
    struct table table = {.n_columns = kind->n_columns + 1};
    for (size_t column = 0; column < kind->n_columns; column++) {
        table.titles[column] = kind->columns[column].title;
    }
    table.titles[kind->n_columns] = kind->title;
    table.is_left[kind->n_columns] = true;
    size_t n_shown = 0;
    for (size_t i = 0; i < rows->n && n_shown < most; i++) {
        if (is_all || is_wanted(kind, &rows->rows[i])) {
            add_row(&table, kind, &rows->rows[i]);
            n_shown++;
        }
    }
    int result = 0;
    if (n_shown > 0) {
        fputc('\n', stream);
        result = table_print(&table, stream);
    }
    table_release(&table);
    return result;
}

int growth_tables(const struct snapshot *const snapshots[2], size_t most, bool is_all,
                  FILE *stream) {
    int result = 0;
    for (size_t i = 0; i < KINDS && result == 0; i++) {
        struct rows rows = {.n = 0};
        result = take(&rows, &kinds[i], snapshots);
        if (result == 0) {
            result = print(&kinds[i], &rows, most, is_all, stream);
        }
        replay_memory_release(&rows.memory);
    }
    return result;
}

static json_t *describe(const struct kind *kind, const struct row *row) {
    json_t *described = json_object();
    if (row->type) {
        json_object_set_new(described, "component", value_text(row->name));
        json_object_set_new(described, "type", value_text(row->type));
    } else {
        json_object_set_new(described, "name", value_text(row->name));
    }
    for (size_t column = 0; column < kind->n_columns; column++) {
        char key[64];
        const char *name = kind->columns[column].key;
        json_object_set_new(described, name, json_integer(growth(row, column)));
        snprintf(key, sizeof(key), "%s_before", name);
        json_object_set_new(described, key, value_count(row->values[0][column]));
        snprintf(key, sizeof(key), "%s_after", name);
        json_object_set_new(described, key, value_count(row->values[1][column]));
    }
    return described;
}

void growth_add_json(json_t *object, const struct snapshot *const snapshots[2]) {
    for (size_t i = 0; i < KINDS; i++) {
        struct rows rows = {.n = 0};
        json_t *array = json_array();
        if (take(&rows, &kinds[i], snapshots) == 0) {
            for (size_t row = 0; row < rows.n; row++) {
                json_array_append_new(array, describe(&kinds[i], &rows.rows[row]));
            }
        }
        replay_memory_release(&rows.memory);
        json_object_set_new(object, kinds[i].key, array);
    }
}
