/* SPDX-License-Identifier: MIT */
/* Call sites of one snapshot, ranked. */
#include "cli/sites.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/amount.h"
#include "cli/group_line.h"
#include "cli/json_value.h"
#include "cli/site_place.h"
#include "cli/site_place_json.h"

/* Most bytes first, then as the snapshot has them. */
static int compare(const void *left, const void *right) {
    const struct snapshot_group *a = *(const struct snapshot_group *const *)left;
    const struct snapshot_group *b = *(const struct snapshot_group *const *)right;
    if (a->bytes != b->bytes) {
        return a->bytes < b->bytes ? 1 : -1;
    }
    if (a->count != b->count) {
        return a->count < b->count ? 1 : -1;
    }
    return (a > b) - (a < b);
}

int sites_choose(struct sites *ret, const struct snapshot *snapshot,
                 const struct view_filter *filter, unsigned min_age_seconds) {
    struct sites sites = {.snapshot = snapshot};
    sites.groups = calloc(snapshot->n_groups + 1, sizeof(sites.groups[0]));
    if (!sites.groups) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < snapshot->n_groups; i++) {
        const struct snapshot_group *group = &snapshot->groups[i];
        bool is_old = min_age_seconds == 0 || group->oldest_seconds >= min_age_seconds;
        if (is_old && view_filter_has_group(filter, snapshot, group)) {
            sites.groups[sites.n_groups++] = group;
            sites.bytes += group->bytes;
            sites.count += group->count;
        }
    }
    qsort(sites.groups, sites.n_groups, sizeof(sites.groups[0]), compare);
    *ret = sites;
    return 0;
}

void sites_release(struct sites *sites) {
    free(sites->groups);
    sites->groups = NULL;
    sites->n_groups = 0;
}

static uint64_t average(uint64_t bytes, uint64_t count) {
    return count > 0 ? bytes / count : 0;
}

static void add_row(const struct sites *sites, const struct snapshot_group *group,
                    struct source_reader *sources, bool is_exact, struct table *table) {
    char place[SITE_PLACE_BYTES];
    struct snapshot_line line;
    group_line(sites->snapshot, group, 0, &line);
    site_place(sources, &line, place, sizeof(place));
    table_row(table);
    table_cell(table, "%s", amount_bytes(group->bytes, is_exact).text);
    table_cell(table, "%s", amount_share(group->bytes, sites->bytes).text);
    table_cell(table, "%" PRIu64, group->count);
    table_cell(table, "%s", amount_bytes(average(group->bytes, group->count), is_exact).text);
    table_cell(table, "%s", amount_age(group->oldest_seconds).text);
    table_cell(table, "%s", line.what);
    table_cell(table, "%s", place);
}

void sites_table(const struct sites *sites, struct source_reader *sources, size_t most,
                 bool is_exact, struct table *ret) {
    *ret = (struct table){
        .titles = {"bytes", "share", "count", "average", "oldest", "what", "got at"},
        .n_columns = 7,
        .is_left = {false, false, false, false, false, true, true},
    };
    size_t n = sites->n_groups < most ? sites->n_groups : most;
    for (size_t i = 0; i < n; i++) {
        add_row(sites, sites->groups[i], sources, is_exact, ret);
    }
    table_row(ret);
    table_cell(ret, "%s", amount_bytes(sites->bytes, is_exact).text);
    table_cell(ret, "%s", amount_share(sites->bytes, sites->bytes).text);
    table_cell(ret, "%" PRIu64, sites->count);
    table_cell(ret, "%s", amount_bytes(average(sites->bytes, sites->count), is_exact).text);
    table_cell(ret, "%s", "");
    table_cell(ret, "total");
    table_cell(ret, "%zu of %zu call sites shown", n, sites->n_groups);
}

static json_t *describe(const struct sites *sites, const struct snapshot_group *group,
                        struct source_reader *sources) {
    json_t *described = json_object(), *ages = json_array();
    struct view_owner owner = view_owner_of_group(sites->snapshot, group);
    struct snapshot_line line;
    group_line(sites->snapshot, group, 0, &line);
    json_object_set_new(described, "bytes", value_count(group->bytes));
    json_object_set_new(described, "count", value_count(group->count));
    json_object_set_new(described, "average_bytes",
                        value_count(average(group->bytes, group->count)));
    json_object_set_new(described, "oldest_seconds", json_integer(group->oldest_seconds));
    for (size_t i = 0; i < SNAPSHOT_AGES; i++) {
        json_array_append_new(ages, value_count(group->ages[i]));
    }
    json_object_set_new(described, "ages", ages);
    json_object_set_new(described, "component",
                        value_text_of(owner.component, owner.component_bytes));
    json_object_set_new(described, "type", value_text(owner.type));
    json_object_set_new(described, "address", value_address(group->site));
    site_place_add_json(described, sources, &line);
    return described;
}

json_t *sites_json(const struct sites *sites, struct source_reader *sources, size_t most) {
    json_t *array = json_array();
    for (size_t i = 0; i < sites->n_groups && i < most; i++) {
        json_array_append_new(array, describe(sites, sites->groups[i], sources));
    }
    return array;
}
