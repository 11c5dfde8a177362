/* SPDX-License-Identifier: MIT */
/* How old what is live is, by pool and type. */
#include "cli/ages.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/amount.h"
#include "cli/json_value.h"
#include "cli/message.h"
#include "cli/verb.h"

static const char *const bucket_names[SNAPSHOT_AGES] = {"<10 s", "<1 min", "<10 min",
                                                        "<1 h",  "<1 d",   "older"};
/* Of the lower bounds, from the second bucket on. */
static const char *const bound_words[SNAPSHOT_AGES - 1] = {"10s", "1m", "10m", "1h", "1d"};

const char *ages_bucket_name(size_t bucket) {
    return bucket_names[bucket];
}

int ages_old_parse(const char *verb, const char *text, size_t *ret) {
    for (size_t i = 0; i < SNAPSHOT_AGES - 1; i++) {
        if (strcmp(text, bound_words[i]) == 0) {
            *ret = i + 1;
            return CLI_OK;
        }
    }
    complain(verb, "--old takes one of 10s, 1m, 10m, 1h and 1d, not '%s' (see mempool %s --help)",
             text, verb);
    return CLI_BAD_USAGE;
}

static int compare_names(const void *left, const void *right) {
    const struct age_row *a = left, *b = right;
    int order = strcmp(a->what, b->what);
    return order != 0 || !a->site ? order : strcmp(a->site, b->site);
}

static int order_of(uint64_t left, uint64_t right) {
    return (left < right) - (left > right);
}

static int64_t old_growth(const struct age_row *row) {
    return (int64_t)(row->old[1] - row->old[0]);
}

/* Suspects first, by how many more are old; then most bytes. */
static int compare_rows(const void *left, const void *right) {
    const struct age_row *a = left, *b = right;
    if (a->is_suspect != b->is_suspect) {
        return a->is_suspect ? -1 : 1;
    }
    if (a->is_suspect && old_growth(a) != old_growth(b)) {
        return old_growth(a) < old_growth(b) ? 1 : -1;
    }
    int order = order_of(a->bytes[1], b->bytes[1]);
    order = order ? order : order_of(a->count[1], b->count[1]);
    return order ? order : compare_names(left, right);
}

static struct age_row row_of(const struct ages *ages, const struct snapshot_group *group,
                             unsigned side) {
    struct age_row row = {.what = group->what, .oldest_seconds = -1};
    bool is_last = side == 1;
    row.site = ages->is_by_site ? group->symbol[0] ? group->symbol : "?" : NULL;
    row.count[side] = group->count;
    row.bytes[side] = group->bytes;
    for (size_t age = 0; age < SNAPSHOT_AGES; age++) {
        row.old[side] += age >= ages->old ? group->ages[age] : 0;
        row.ages[age] = is_last ? group->ages[age] : 0;
    }
    if (is_last) {
        row.oldest_seconds = group->oldest_seconds;
    }
    return row;
}

static void add(struct age_row *to, const struct age_row *from) {
    for (int side = 0; side < 2; side++) {
        to->count[side] += from->count[side];
        to->bytes[side] += from->bytes[side];
        to->old[side] += from->old[side];
    }
    for (size_t age = 0; age < SNAPSHOT_AGES; age++) {
        to->ages[age] += from->ages[age];
    }
    if (from->oldest_seconds > to->oldest_seconds) {
        to->oldest_seconds = from->oldest_seconds;
    }
}

static void join(struct ages *ages) {
    size_t n = 0;
    qsort(ages->rows, ages->n_rows, sizeof(ages->rows[0]), compare_names);
    for (size_t i = 0; i < ages->n_rows; i++) {
        if (n > 0 && compare_names(&ages->rows[n - 1], &ages->rows[i]) == 0) {
            add(&ages->rows[n - 1], &ages->rows[i]);
        } else {
            ages->rows[n++] = ages->rows[i];
        }
    }
    ages->n_rows = n;
}

int ages_add_up(struct ages *ages) {
    size_t n = 1;
    for (unsigned i = 0; i < ages->n_snapshots; i++) {
        n += ages->snapshots[i]->n_groups;
    }
    ages->rows = calloc(n, sizeof(ages->rows[0]));
    ages->n_rows = 0;
    if (!ages->rows) {
        return -ENOMEM;
    }
    for (unsigned i = 0; i < ages->n_snapshots; i++) {
        const struct snapshot *snapshot = ages->snapshots[i];
        unsigned side = i + 1 == ages->n_snapshots ? 1 : 0;
        for (size_t j = 0; j < snapshot->n_groups; j++) {
            if (view_filter_has_group(&ages->filter, snapshot, &snapshot->groups[j])) {
                ages->rows[ages->n_rows++] = row_of(ages, &snapshot->groups[j], side);
            }
        }
    }
    join(ages);
    for (size_t i = 0; i < ages->n_rows; i++) {
        struct age_row *row = &ages->rows[i];
        row->is_suspect = ages->n_snapshots == 2 && row->count[1] > row->count[0] &&
                          row->old[1] > row->old[0];
    }
    qsort(ages->rows, ages->n_rows, sizeof(ages->rows[0]), compare_rows);
    return 0;
}

void ages_release(struct ages *ages) {
    free(ages->rows);
    ages->rows = NULL;
    ages->n_rows = 0;
}

static void add_title(struct table *table, const char *title, bool is_left) {
    table->is_left[table->n_columns] = is_left;
    table->titles[table->n_columns++] = title;
}

static void add_row(const struct ages *ages, const struct age_row *row, struct table *table) {
    table_row(table);
    table_cell(table, "%" PRIu64, row->count[1]);
    if (ages->n_snapshots == 2) {
        table_cell(table, "%+" PRId64, (int64_t)(row->count[1] - row->count[0]));
    }
    for (size_t age = 0; age < SNAPSHOT_AGES; age++) {
        table_cell(table, "%" PRIu64, row->ages[age]);
    }
    table_cell(table, "%s", amount_share(row->old[1], row->count[1]).text);
    if (ages->n_snapshots == 2) {
        table_cell(table, "%+" PRId64, old_growth(row));
        table_cell(table, "%s", row->is_suspect ? "suspect" : "");
    }
    table_cell(table, "%s", row->count[1] > 0 ? amount_age(row->oldest_seconds).text : "-");
    table_cell(table, "%s", row->what);
    if (ages->is_by_site) {
        table_cell(table, "%s", row->site);
    }
}

void ages_table(const struct ages *ages, size_t most, struct table *ret) {
    *ret = (struct table){.n_columns = 0};
    add_title(ret, "count", false);
    if (ages->n_snapshots == 2) {
        add_title(ret, "growth", false);
    }
    for (size_t age = 0; age < SNAPSHOT_AGES; age++) {
        add_title(ret, bucket_names[age], false);
    }
    add_title(ret, "old", false);
    if (ages->n_snapshots == 2) {
        add_title(ret, "more old", false);
        add_title(ret, "", true);
    }
    add_title(ret, "oldest", false);
    add_title(ret, "what", true);
    if (ages->is_by_site) {
        add_title(ret, "got at", true);
    }
    for (size_t i = 0; i < ages->n_rows && i < most; i++) {
        add_row(ages, &ages->rows[i], ret);
    }
}

static json_t *describe(const struct ages *ages, const struct age_row *row) {
    json_t *described = json_object(), *buckets = json_array();
    json_object_set_new(described, "what", value_text(row->what));
    if (ages->is_by_site) {
        json_object_set_new(described, "site", value_text(row->site));
    }
    json_object_set_new(described, "count", value_count(row->count[1]));
    json_object_set_new(described, "bytes", value_count(row->bytes[1]));
    json_object_set_new(described, "old", value_count(row->old[1]));
    if (ages->n_snapshots == 2) {
        json_object_set_new(described, "count_before", value_count(row->count[0]));
        json_object_set_new(described, "bytes_before", value_count(row->bytes[0]));
        json_object_set_new(described, "old_before", value_count(row->old[0]));
        json_object_set_new(described, "is_suspect", json_boolean(row->is_suspect));
    }
    json_object_set_new(described, "oldest_seconds", json_integer(row->oldest_seconds));
    for (size_t age = 0; age < SNAPSHOT_AGES; age++) {
        json_array_append_new(buckets, value_count(row->ages[age]));
    }
    json_object_set_new(described, "ages", buckets);
    return described;
}

json_t *ages_json(const struct ages *ages, size_t most) {
    json_t *array = json_array();
    for (size_t i = 0; i < ages->n_rows && i < most; i++) {
        json_array_append_new(array, describe(ages, &ages->rows[i]));
    }
    return array;
}
