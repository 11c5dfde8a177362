/* SPDX-License-Identifier: MIT */
/* `mempool show`: what is shown, in which order. */
#include <stdlib.h>
#include <string.h>

#include "cli/message.h"
#include "cli/show.h"
#include "cli/verb.h"
#include "export/derive.h"

static const char *const words[] = {"bytes", "count", "peak",   "cached", "slabs",
                                    "gets",  "misses", "name", "age"};

int show_sort_parse(const char *verb, const char *word, enum show_sort *ret) {
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i], word) == 0) {
            *ret = (enum show_sort)i;
            return CLI_OK;
        }
    }
    complain(verb,
             "--sort takes one of bytes, count, peak, cached, slabs, gets, misses, name and age, "
             "not '%s' (see mempool %s --help)",
             word, verb);
    return CLI_BAD_USAGE;
}

static uint64_t pool_key(const struct snapshot_pool *pool, enum show_sort sort) {
    switch (sort) {
    case SHOW_BY_COUNT: return derive_live_objects(pool);
    case SHOW_BY_PEAK: return pool->max_alloc;
    case SHOW_BY_CACHED: return (pool->cached + pool->depot) * pool->padded_bytes;
    case SHOW_BY_SLABS: return pool->slab_bytes;
    case SHOW_BY_GETS: return pool->alloc_count;
    case SHOW_BY_MISSES: return pool->pool_misses;
    case SHOW_BY_NAME: return 0;
    case SHOW_BY_AGE: return UINT64_MAX - pool->serial;
    default: return derive_live_bytes(pool);
    }
}

static uint64_t account_key(const struct snapshot_account *account, enum show_sort sort) {
    switch (sort) {
    case SHOW_BY_COUNT: return account->live_blocks;
    case SHOW_BY_PEAK: return account->peak_bytes;
    case SHOW_BY_GETS: return account->total_blocks;
    case SHOW_BY_NAME: return 0;
    case SHOW_BY_AGE: return UINT64_MAX - account->number;
    default: return account->live_bytes;
    }
}

/* What qsort is given: it takes no argument for the order. */
struct item {
    uint64_t key;
    const char *names[2];
    const void *what;
    size_t place; /* what is otherwise equal stays as it was */
};

static int compare(const void *left, const void *right) {
    const struct item *a = left, *b = right;
    if (a->key != b->key) {
        return a->key < b->key ? 1 : -1;
    }
    int order = strcmp(a->names[0], b->names[0]);
    order = order ? order : strcmp(a->names[1], b->names[1]);
    return order ? order : (a->place > b->place) - (a->place < b->place);
}

/* In order, in their own memory; NULL: none. */
static void *sorted(struct item *items, size_t n) {
    const void **pointers = calloc(n + 1, sizeof(pointers[0]));
    if (!pointers) {
        return NULL;
    }
    qsort(items, n, sizeof(items[0]), compare);
    for (size_t i = 0; i < n; i++) {
        pointers[i] = items[i].what;
    }
    return pointers;
}

const struct snapshot_pool **show_pools_order(const struct show *show, size_t *ret_n) {
    const struct snapshot *snapshot = show->snapshot;
    struct item *items = calloc(snapshot->n_pools + 1, sizeof(items[0]));
    size_t n = 0;
    for (size_t i = 0; items && i < snapshot->n_pools; i++) {
        const struct snapshot_pool *pool = &snapshot->pools[i];
        if (show->is_all || pool->kind == SNAPSHOT_POOL) {
            items[n] = (struct item){pool_key(pool, show->sort), {pool->name, ""}, pool, i};
            n++;
        }
    }
    const struct snapshot_pool **ordered = items ? sorted(items, n) : NULL;
    free(items);
    *ret_n = n;
    return ordered;
}

const struct snapshot_account **show_accounts_order(const struct show *show, size_t *ret_n) {
    const struct snapshot *snapshot = show->snapshot;
    struct item *items = calloc(snapshot->n_accounts + 1, sizeof(items[0]));
    size_t n = 0;
    for (size_t i = 0; items && i < snapshot->n_accounts; i++) {
        const struct snapshot_account *account = &snapshot->accounts[i];
        bool has_component =
            account->component >= 0 && (size_t)account->component < snapshot->n_components;
        const char *component =
            has_component ? snapshot->components[account->component].name : "";
        if (show->is_all || account->live_blocks > 0) {
            items[n] = (struct item){
                account_key(account, show->sort), {component, account->type}, account, i};
            n++;
        }
    }
    const struct snapshot_account **ordered = items ? sorted(items, n) : NULL;
    free(items);
    *ret_n = n;
    return ordered;
}
