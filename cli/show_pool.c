/* SPDX-License-Identifier: MIT */
/* `mempool show` of one pool. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/ages.h"
#include "cli/amount.h"
#include "cli/json_value.h"
#include "cli/show.h"
#include "cli/sites.h"
#include "cli/table.h"
#include "cli/view_json.h"
#include "export/derive.h"

static const char *policy_name(uint32_t on_empty) {
    static const char *const names[] = {"grow", "fail", "heap"};
    return on_empty < sizeof(names) / sizeof(names[0]) ? names[on_empty] : "?";
}

static void add(struct table *table, const char *name, uint64_t value) {
    table_row(table);
    table_cell(table, "%s", name);
    table_cell(table, "%" PRIu64, value);
}

static void add_bytes(struct table *table, const char *name, uint64_t bytes, bool is_exact) {
    table_row(table);
    table_cell(table, "%s", name);
    table_cell(table, "%s", amount_bytes(bytes, is_exact).text);
}

static void print_head(const struct snapshot_pool *pool, FILE *stream) {
    static const char *const kinds[] = {"", ", a class of the accounted heap",
                                        ", destroyed while objects were live"};
    char limit[32] = "", count[32] = "";
    fprintf(stream, "%s#%" PRIu64 " at 0x%" PRIx64 "%s\n", pool->name, pool->serial, pool->address,
            kinds[pool->kind <= SNAPSHOT_ZOMBIE ? pool->kind : 0]);
    if (pool->count > 0) {
        snprintf(count, sizeof(count), ", count %" PRIu64, pool->count);
    }
    if (pool->limit > 0) {
        snprintf(limit, sizeof(limit), ", limit %" PRIu64, pool->limit);
    }
    fprintf(stream,
            "objects of %" PRIu64 " bytes in slots of %" PRIu64 ", aligned to %" PRIu64
            "; when empty: %s%s%s%s%s%s\n",
            pool->object_bytes, pool->padded_bytes, pool->align, policy_name(pool->on_empty),
            count, limit, pool->is_uncached ? ", uncached" : "", pool->is_tight ? ", tight" : "",
            pool->has_constructor ? ", with constructor" : "");
}

static int print_counters(const struct snapshot_pool *pool, bool is_exact, FILE *stream) {
    struct table table = {.titles = {"counter", "value"}, .n_columns = 2, .is_left = {true}};
    add(&table, "live objects", derive_live_objects(pool));
    add_bytes(&table, "live bytes", derive_live_bytes(pool), is_exact);
    add(&table, "most ever live", pool->max_alloc);
    add(&table, "free objects", pool->cold);
    add(&table, "in threads' caches", pool->cached);
    add(&table, "in the depot", pool->depot);
    add(&table, "caches", pool->caches);
    add(&table, "rounds of a magazine", pool->magazine_rounds);
    add(&table, "gets", pool->alloc_count);
    add(&table, "puts", pool->put_count);
    add(&table, "misses", pool->pool_misses);
    add(&table, "refused", pool->refused);
    add(&table, "of the live, heap objects", pool->curr_stdalloc);
    add(&table, "most ever of those", pool->max_stdalloc);
    add(&table, "slabs", pool->slabs);
    add_bytes(&table, "slab bytes", pool->slab_bytes, is_exact);
    add(&table, "slots", pool->slots);
    add(&table, "misuse reports", pool->misuses);
    fputc('\n', stream);
    int result = table_print(&table, stream);
    table_release(&table);
    return result;
}

/* Of its live objects, by the records. */
static void add_up_ages(const struct show *show, int32_t index, uint64_t ret[SNAPSHOT_AGES]) {
    memset(ret, 0, SNAPSHOT_AGES * sizeof(ret[0]));
    for (size_t i = 0; i < show->snapshot->n_groups; i++) {
        const struct snapshot_group *group = &show->snapshot->groups[i];
        for (size_t age = 0; group->pool == index && age < SNAPSHOT_AGES; age++) {
            ret[age] += group->ages[age];
        }
    }
}

static int32_t index_of(const struct show *show, const struct snapshot_pool *pool) {
    return (int32_t)(pool - show->snapshot->pools);
}

static int print_ages(const struct show *show, const struct snapshot_pool *pool, FILE *stream) {
    uint64_t ages[SNAPSHOT_AGES], all = 0;
    struct table table = {.titles = {"age", "objects", "share"}, .n_columns = 3,
                          .is_left = {true}};
    add_up_ages(show, index_of(show, pool), ages);
    for (size_t age = 0; age < SNAPSHOT_AGES; age++) {
        all += ages[age];
    }
    for (size_t age = 0; age < SNAPSHOT_AGES; age++) {
        table_row(&table);
        table_cell(&table, "%s", ages_bucket_name(age));
        table_cell(&table, "%" PRIu64, ages[age]);
        table_cell(&table, "%s", amount_share(ages[age], all).text);
    }
    fputc('\n', stream);
    int result = table_print(&table, stream);
    table_release(&table);
    return result;
}

/* By address, which only one pool has. */
static int choose_sites(const struct show *show, const struct snapshot_pool *pool,
                        struct sites *ret) {
    char address[24];
    snprintf(address, sizeof(address), "0x%" PRIx64, pool->address);
    const struct view_filter filter = {.pool = address};
    return sites_choose(ret, show->snapshot, &filter, 0);
}

static int print_sites(const struct show *show, const struct snapshot_pool *pool,
                       struct source_reader *sources, FILE *stream) {
    struct table table;
    struct sites sites;
    int result = choose_sites(show, pool, &sites);
    if (result != 0) {
        return result;
    }
    sites_table(&sites, sources, show->most, show->is_exact, &table);
    fputc('\n', stream);
    result = table_print(&table, stream);
    table_release(&table);
    sites_release(&sites);
    return result;
}

int show_pool(const struct show *show, const struct snapshot_pool *pool,
              struct source_reader *sources, FILE *stream) {
    print_head(pool, stream);
    int result = print_counters(pool, show->is_exact, stream);
    if (!show->snapshot->has_groups) {
        fputs("\nages and call sites are not known\n", stream);
        return result;
    }
    if (result == 0) {
        result = print_ages(show, pool, stream);
    }
    return result == 0 ? print_sites(show, pool, sources, stream) : result;
}

json_t *show_pool_json(const struct show *show, const struct snapshot_pool *pool,
                       struct source_reader *sources) {
    json_t *object = view_json_pool(show->snapshot, pool);
    struct sites sites;
    if (!show->snapshot->has_groups || choose_sites(show, pool, &sites) != 0) {
        return object;
    }
    uint64_t ages[SNAPSHOT_AGES];
    json_t *array = json_array();
    add_up_ages(show, index_of(show, pool), ages);
    for (size_t age = 0; age < SNAPSHOT_AGES; age++) {
        json_array_append_new(array, value_count(ages[age]));
    }
    json_object_set_new(object, "ages", array);
    json_object_set_new(object, "n_sites", value_count(sites.n_groups));
    json_object_set_new(object, "sites", sites_json(&sites, sources, show->most));
    sites_release(&sites);
    return object;
}
