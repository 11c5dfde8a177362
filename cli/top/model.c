/* SPDX-License-Identifier: MIT */
/* What is known of the process. */
#include "cli/top/model.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "view/name.h"

const struct snapshot *top_model_snapshot(const struct top_model *model, enum top_view view) {
    return view == TOP_SITES ? model->sites : model->now;
}

size_t top_model_count(const struct top_model *model, enum top_view view) {
    const struct snapshot *snapshot = top_model_snapshot(model, view);
    if (snapshot == NULL) {
        return 0;
    }
    switch (view) {
    case TOP_POOLS:
        return snapshot->n_pools;
    case TOP_COMPONENTS:
        return snapshot->n_components;
    case TOP_ACCOUNTS:
        return snapshot->n_accounts;
    case TOP_SITES:
        return snapshot->n_groups;
    default:
        return snapshot->n_threads;
    }
}

/* Serials of pools, classes and zombies are of one sequence or of several: a zombie is its pool. */
struct top_key top_pool_key(const struct snapshot_pool *pool) {
    uint64_t is_class = pool->kind == SNAPSHOT_HEAP_CLASS;
    return (struct top_key){pool->number | is_class << 32, pool->serial};
}

static struct top_sight see_pool(const struct snapshot_pool *pool) {
    return (struct top_sight){
        .bytes = top_pool_bytes(pool),
        .counters = {pool->alloc_count, pool->put_count, pool->pool_misses},
        .has_counters = true,
    };
}

static struct top_sight see_account(const struct snapshot_account *account) {
    return (struct top_sight){
        .bytes = (double)account->live_bytes,
        .counters = {account->total_blocks, account->total_frees, 0},
        .has_counters = true,
    };
}

/* Pools of one name are several owners. */
static struct top_key site_key(const struct snapshot *snapshot,
                               const struct snapshot_group *group) {
    uint64_t owner = 0;
    if (group->pool >= 0 && (size_t)group->pool < snapshot->n_pools) {
        struct top_key pool = top_pool_key(&snapshot->pools[group->pool]);
        owner = (pool.a << 32 ^ pool.b) * 0x9e3779b97f4a7c15;
    }
    return (struct top_key){top_key_text(group->what) ^ owner, group->site};
}

static struct top_key key_of(const struct snapshot *snapshot, enum top_view view, size_t i) {
    switch (view) {
    case TOP_POOLS:
        return top_pool_key(&snapshot->pools[i]);
    case TOP_COMPONENTS:
        return (struct top_key){top_key_text(snapshot->components[i].name),
                                snapshot->components[i].generation};
    case TOP_ACCOUNTS:
        return (struct top_key){snapshot->accounts[i].number, 0};
    case TOP_SITES:
        return site_key(snapshot, &snapshot->groups[i]);
    default:
        return (struct top_key){snapshot->threads[i].number, (uint64_t)snapshot->threads[i].id};
    }
}

static struct top_sight sight_of(const struct top_model *model, enum top_view view, size_t i) {
    switch (view) {
    case TOP_POOLS:
        return see_pool(&model->now->pools[i]);
    case TOP_COMPONENTS:
        return (struct top_sight){.bytes = model->branches[i].bytes};
    case TOP_ACCOUNTS:
        return see_account(&model->now->accounts[i]);
    case TOP_SITES:
        return (struct top_sight){.bytes = (double)model->sites->groups[i].bytes};
    default:
        return (struct top_sight){.bytes = (double)model->now->threads[i].cached_bytes};
    }
}

static int follow(struct top_model *model, enum top_view view, int64_t now_ns) {
    const struct snapshot *snapshot = top_model_snapshot(model, view);
    size_t n = top_model_count(model, view);
    struct top_track **found = realloc(model->found[view], (n + 1) * sizeof(struct top_track *));
    model->n_found[view] = 0;
    if (found == NULL) {
        return -ENOMEM;
    }
    model->found[view] = found;
    top_tracks_begin(&model->tracks[view], now_ns);
    for (size_t i = 0; i < n; i++) {
        struct top_sight sight = sight_of(model, view, i);
        found[i] = top_tracks_see(&model->tracks[view], key_of(snapshot, view, i), &sight);
        if (found[i] == NULL) {
            return -ENOMEM;
        }
    }
    model->n_found[view] = n;
    top_tracks_end(&model->tracks[view]);
    return 0;
}

static void add_track(struct top_branch *branch, const struct top_track *track) {
    for (size_t i = 0; i < TOP_COUNTERS; i++) {
        branch->rates[i] += isnan(track->rates[i]) ? 0 : track->rates[i];
    }
}

static struct top_branch *branch_of(struct top_model *model, int32_t component) {
    bool is_one = component >= 0 && (size_t)component < model->now->n_components;
    return is_one ? &model->branches[component] : NULL;
}

static void add_things(struct top_model *model) {
    const struct snapshot *now = model->now;
    for (size_t i = 0; i < now->n_pools; i++) {
        const struct snapshot_pool *pool = &now->pools[i];
        struct top_branch *branch = branch_of(model, pool->component);
        if (branch != NULL && pool->kind != SNAPSHOT_HEAP_CLASS) {
            branch->live += top_pool_live(pool);
            branch->bytes += top_pool_bytes(pool);
            branch->cached += (double)pool->cached;
            add_track(branch, model->found[TOP_POOLS][i]);
        }
    }
    for (size_t i = 0; i < now->n_accounts; i++) {
        const struct snapshot_account *account = &now->accounts[i];
        struct top_branch *branch = branch_of(model, account->component);
        if (branch != NULL) {
            branch->live += (double)account->live_blocks;
            branch->bytes += (double)account->live_bytes;
            add_track(branch, model->found[TOP_ACCOUNTS][i]);
        }
    }
}

static void add_to_parent(struct top_branch *parent, const struct top_branch *child) {
    parent->live += child->live;
    parent->bytes += child->bytes;
    parent->cached += child->cached;
    for (size_t i = 0; i < TOP_COUNTERS; i++) {
        parent->rates[i] += child->rates[i];
    }
}

/* Parents were created before their children: one that claims otherwise is none. */
static int make_branches(struct top_model *model) {
    const struct snapshot *now = model->now;
    size_t n = now->n_components;
    free(model->branches);
    model->branches = calloc(n + 1, sizeof(*model->branches));
    if (model->branches == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        int32_t parent = now->components[i].parent;
        bool is_one = parent >= 0 && (size_t)parent < i;
        model->branches[i].parent = is_one ? parent : SNAPSHOT_NONE;
        model->branches[i].depth = is_one ? model->branches[parent].depth + 1 : 0;
    }
    add_things(model);
    for (size_t i = n; i-- > 0;) {
        struct top_branch *branch = &model->branches[i];
        if (branch->parent >= 0) {
            add_to_parent(&model->branches[branch->parent], branch);
        }
    }
    return 0;
}

static void add_up(struct top_model *model) {
    const struct snapshot *now = model->now;
    struct top_totals totals = {.live = 0};
    for (size_t i = 0; i < now->n_pools; i++) {
        const struct snapshot_pool *pool = &now->pools[i];
        if (pool->kind != SNAPSHOT_HEAP_CLASS) {
            totals.live += top_pool_live(pool);
            totals.bytes += top_pool_bytes(pool);
            totals.pools += pool->kind == SNAPSHOT_POOL;
        }
    }
    for (size_t i = 0; i < now->n_accounts; i++) {
        totals.live += (double)now->accounts[i].live_blocks;
        totals.bytes += (double)now->accounts[i].live_bytes;
    }
    for (size_t i = 0; i < now->n_threads; i++) {
        totals.cached_bytes += (double)now->threads[i].cached_bytes;
    }
    for (size_t i = 0; i < now->n_misuses; i++) {
        totals.misuses += now->misuses[i].count;
    }
    model->totals = totals;
}

/* In the snapshot's own memory, so that they go with it. */
static int name_accounts(struct top_model *model) {
    struct snapshot *now = model->now;
    model->component_names = view_take_array(&now->memory, now->n_components, sizeof(char *));
    model->account_names = view_take_array(&now->memory, now->n_accounts, sizeof(char *));
    if (model->component_names == NULL || model->account_names == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < now->n_components; i++) {
        model->component_names[i] = name_of_component(now, (int32_t)i, &now->memory);
        if (model->component_names[i] == NULL) {
            return -ENOMEM;
        }
    }
    for (size_t i = 0; i < now->n_accounts; i++) {
        model->account_names[i] = name_of_account(now, &now->accounts[i], &now->memory);
        if (model->account_names[i] == NULL) {
            return -ENOMEM;
        }
    }
    return 0;
}

static void take_over(struct top_model *model, struct snapshot *snapshot, int64_t now_ns) {
    struct snapshot *now = model->now, *sites = model->sites;
    if (snapshot->has_groups) {
        if (sites != now) {
            snapshot_free(sites);
        }
        model->sites = snapshot;
        model->sites_ns = now_ns;
        sites = NULL;
    }
    if (now != sites) {
        snapshot_free(now);
    }
    model->now = snapshot;
    model->now_ns = now_ns;
    if (snapshot->ledger.is_known || !model->ledger.is_known) {
        model->ledger = snapshot->ledger;
    }
}

int top_model_update(struct top_model *model, struct snapshot *snapshot, int64_t now_ns) {
    take_over(model, snapshot, now_ns);
    add_up(model);
    struct top_sight whole = {.bytes = model->totals.bytes};
    top_tracks_begin(&model->process, now_ns);
    model->whole = top_tracks_see(&model->process, (struct top_key){0, 0}, &whole);
    int result = model->whole ? name_accounts(model) : -ENOMEM;
    result = result ? result : follow(model, TOP_POOLS, now_ns);
    result = result ? result : follow(model, TOP_ACCOUNTS, now_ns);
    result = result ? result : make_branches(model);
    result = result ? result : follow(model, TOP_COMPONENTS, now_ns);
    result = result ? result : follow(model, TOP_THREADS, now_ns);
    if (result == 0 && snapshot->has_groups) {
        result = follow(model, TOP_SITES, now_ns);
    }
    return result;
}

void top_model_restart(struct top_model *model) {
    top_tracks_restart(&model->process);
    for (size_t view = 0; view < TOP_VIEWS; view++) {
        top_tracks_restart(&model->tracks[view]);
    }
}

void top_model_free(struct top_model *model) {
    if (model->sites != model->now) {
        snapshot_free(model->sites);
    }
    snapshot_free(model->now);
    for (size_t view = 0; view < TOP_VIEWS; view++) {
        top_tracks_free(&model->tracks[view]);
        free(model->found[view]);
    }
    top_tracks_free(&model->process);
    free(model->branches);
    *model = (struct top_model){.now = NULL};
}

int64_t top_model_find(const struct top_model *model, enum top_view view, struct top_key key) {
    const struct top_track *track = top_tracks_find(&model->tracks[view], key);
    for (size_t i = 0; track != NULL && i < model->n_found[view]; i++) {
        if (model->found[view][i] == track) {
            return (int64_t)i;
        }
    }
    return -1;
}
