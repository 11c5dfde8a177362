/* SPDX-License-Identifier: MIT */
/* Rows: each thing's values, and which of them are wanted. */
#include "cli/top/rows.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/top/order.h"

static void set_rates(struct top_row *row, const double *rates) {
    row->values[TOP_GET_RATE] = rates[TOP_GETS];
    row->values[TOP_PUT_RATE] = rates[TOP_PUTS];
    row->values[TOP_MISS_RATE] = rates[TOP_MISSES];
}

static double share(double part, double whole) {
    return whole > 0 ? part / whole : NAN;
}

static void set_bytes(struct top_row *row, const struct top_model *model, double live,
                      double bytes) {
    row->values[TOP_LIVE] = live;
    row->values[TOP_BYTES] = bytes;
    row->values[TOP_SHARE] = share(bytes, model->totals.bytes);
}

static void pool_row(struct top_row *row, const struct top_model *model) {
    const struct snapshot_pool *pool = &model->now->pools[row->index];
    row->name = pool->name;
    set_bytes(row, model, top_pool_live(pool), top_pool_bytes(pool));
    row->values[TOP_PEAK] = (double)pool->max_alloc;
    row->values[TOP_CACHED] = (double)pool->cached;
    set_rates(row, row->track->rates);
}

static void component_row(struct top_row *row, const struct top_model *model) {
    const struct snapshot_component *component = &model->now->components[row->index];
    const struct top_branch *branch = &model->branches[row->index];
    uint64_t limit = component->hard_bytes ? component->hard_bytes : component->soft_bytes;
    row->name = model->component_names[row->index];
    row->depth = branch->depth;
    set_bytes(row, model, branch->live, branch->bytes);
    row->values[TOP_CHARGED] = (double)component->charged_bytes;
    row->values[TOP_LIMIT] = limit ? (double)limit : NAN;
    row->values[TOP_CACHED] = branch->cached;
    if (model->tracks[TOP_COMPONENTS].update > 1) {
        set_rates(row, branch->rates);
    }
}

static void account_row(struct top_row *row, const struct top_model *model) {
    const struct snapshot_account *account = &model->now->accounts[row->index];
    row->name = model->account_names[row->index];
    set_bytes(row, model, (double)account->live_blocks, (double)account->live_bytes);
    row->values[TOP_PEAK_BYTES] = (double)account->peak_bytes;
    set_rates(row, row->track->rates);
}

static void site_row(struct top_row *row, const struct top_model *model) {
    const struct snapshot_group *group = &model->sites->groups[row->index];
    row->name = group->what;
    row->place = group->symbol;
    set_bytes(row, model, (double)group->count, (double)group->bytes);
    row->values[TOP_OLDEST] = group->oldest_seconds < 0 ? NAN : (double)group->oldest_seconds;
}

static void thread_row(struct top_row *row, const struct top_model *model) {
    const struct snapshot_thread *thread = &model->now->threads[row->index];
    row->name = thread->name;
    row->values[TOP_THREAD] = (double)thread->id;
    row->values[TOP_CACHES] = (double)thread->caches;
    row->values[TOP_CACHED] = (double)thread->cached_objects;
    row->values[TOP_CACHED_BYTES] = (double)thread->cached_bytes;
    row->values[TOP_GRANTED] = (double)thread->granted_bytes;
    row->values[TOP_ATTACHED] = (double)thread->attached_seconds;
    row->values[TOP_SHARE] = share((double)thread->cached_bytes, model->totals.cached_bytes);
}

void top_row_of(struct top_row *row, const struct top_model *model, enum top_view view,
                size_t index) {
    static void (*const fill[TOP_VIEWS])(struct top_row *, const struct top_model *) = {
        [TOP_POOLS] = pool_row, [TOP_COMPONENTS] = component_row, [TOP_ACCOUNTS] = account_row,
        [TOP_SITES] = site_row, [TOP_THREADS] = thread_row,
    };
    *row = (struct top_row){.index = index, .name = "", .place = ""};
    for (size_t i = 0; i < TOP_COLUMNS; i++) {
        row->values[i] = NAN;
    }
    row->track = model->found[view][index];
    row->key = row->track->key;
    if (!model->is_still) {
        row->values[TOP_GROWTH] = top_track_growth(row->track);
    }
    fill[view](row, model);
}

static bool is_shown(const struct top_model *model, enum top_view view, size_t index) {
    if (view == TOP_POOLS) {
        return model->now->pools[index].kind == SNAPSHOT_POOL;
    }
    return view != TOP_COMPONENTS || !model->now->components[index].ended ||
           model->branches[index].bytes > 0;
}

static bool has_part(const char *text, const char *part, size_t length) {
    for (; *text; text++) {
        if (strncasecmp(text, part, length) == 0) {
            return true;
        }
    }
    return false;
}

bool top_row_matches(const struct top_row *row, const char *filter) {
    size_t length = strlen(filter);
    return length == 0 || has_part(row->name, filter, length) ||
           has_part(row->place, filter, length);
}

static int make_room(struct top_rows *rows, size_t n) {
    if (n > rows->n_room) {
        struct top_row *rows_made = malloc(n * sizeof(*rows->at));
        struct top_row *spare = malloc(n * sizeof(*rows->at));
        if (rows_made == NULL || spare == NULL) {
            free(rows_made);
            free(spare);
            return -ENOMEM;
        }
        free(rows->at);
        free(rows->spare);
        rows->at = rows_made;
        rows->spare = spare;
        rows->n_room = n;
    }
    return 0;
}

int top_rows_make(struct top_rows *rows, const struct top_model *model,
                  const struct top_choice *choice) {
    size_t n = model->n_found[choice->view];
    rows->n = rows->n_all = 0;
    if (make_room(rows, n) != 0) {
        return -ENOMEM;
    }
    bool is_tree = choice->view == TOP_COMPONENTS;
    for (size_t i = 0; i < n; i++) {
        if (!choice->has_all && !is_shown(model, choice->view, i)) {
            continue;
        }
        struct top_row *row = &rows->at[rows->n];
        top_row_of(row, model, choice->view, i);
        rows->n_all++;
        /* A tree has the way to what matches, too: that is known when all of it is there. */
        rows->n += is_tree || top_row_matches(row, choice->filter);
    }
    return is_tree ? top_order_tree(rows, model, choice) : top_order(rows, choice);
}

int64_t top_rows_find(const struct top_rows *rows, struct top_key key) {
    for (size_t i = 0; i < rows->n; i++) {
        if (top_key_equal(rows->at[i].key, key)) {
            return (int64_t)i;
        }
    }
    return -1;
}

void top_rows_free(struct top_rows *rows) {
    free(rows->at);
    free(rows->spare);
    *rows = (struct top_rows){.at = NULL};
}
