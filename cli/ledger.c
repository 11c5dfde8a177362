/* SPDX-License-Identifier: MIT */
/* What slabs are used for, pool by pool. */
#include "cli/ledger.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Of a process that runs, parts are of different moments, and may be more than the whole. */
static uint64_t rest(uint64_t whole, uint64_t part) {
    return whole > part ? whole - part : 0;
}

static struct ledger_row row_of(const struct snapshot_pool *pool) {
    struct ledger_row row = {
        .name = pool->name,
        .slab_bytes = pool->slab_bytes,
        .live = pool->hot * pool->object_bytes,
        .padding = pool->hot * (pool->padded_bytes - pool->object_bytes),
        .cached = (pool->cached + pool->depot) * pool->padded_bytes,
    };
    row.free = rest(row.slab_bytes, row.live + row.padding + row.cached);
    return row;
}

static void add(struct ledger_row *to, const struct ledger_row *from) {
    to->slab_bytes += from->slab_bytes;
    to->live += from->live;
    to->padding += from->padding;
    to->cached += from->cached;
    to->free += from->free;
}

/* Of a class only its slots are known; its accounts know how much of them was asked for. */
static void add_accounts(struct ledger_row *heap, const struct snapshot *snapshot) {
    uint64_t slots = heap->live + heap->padding, asked = 0;
    for (size_t i = 0; i < snapshot->n_accounts; i++) {
        asked += snapshot->accounts[i].live_bytes;
    }
    heap->live = asked < slots ? asked : slots;
    heap->padding = slots - heap->live;
}

static int compare(const void *left, const void *right) {
    const struct ledger_row *a = left, *b = right;
    if (a->slab_bytes != b->slab_bytes) {
        return a->slab_bytes < b->slab_bytes ? 1 : -1;
    }
    return strcmp(a->name, b->name);
}

int ledger_rows_make(const struct snapshot *snapshot, struct ledger_rows *ret) {
    struct ledger_rows rows = {.total.name = "total"};
    struct ledger_row heap = {.name = "(accounted heap)"};
    bool has_heap = false;
    rows.rows = calloc(snapshot->n_pools + 1, sizeof(rows.rows[0]));
    if (!rows.rows) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < snapshot->n_pools; i++) {
        struct ledger_row row = row_of(&snapshot->pools[i]);
        if (snapshot->pools[i].kind == SNAPSHOT_HEAP_CLASS) {
            add(&heap, &row);
            has_heap = true;
        } else {
            rows.rows[rows.n++] = row;
        }
    }
    qsort(rows.rows, rows.n, sizeof(rows.rows[0]), compare);
    if (has_heap) {
        add_accounts(&heap, snapshot);
        rows.rows[rows.n++] = heap;
    }
    for (size_t i = 0; i < rows.n; i++) {
        add(&rows.total, &rows.rows[i]);
    }
    *ret = rows;
    return 0;
}

void ledger_rows_release(struct ledger_rows *rows) {
    free(rows->rows);
    rows->rows = NULL;
    rows->n = 0;
}
