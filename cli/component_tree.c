/* SPDX-License-Identifier: MIT */
/* Components as a tree: each below the one that is charged with it. */
#include "cli/component_tree.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "cli/amount.h"
#include "cli/table.h"

enum {
    NONE = SNAPSHOT_NONE,
    INDENT_MAX = 16, /* levels that are shown as such */
};

/* How a component is linked to others, by their indices. */
struct link {
    int32_t parent, first, next;
};

struct walk {
    const struct snapshot *snapshot;
    struct link *links;
    struct table table;
    size_t most, n_rows, n_left_out;
    bool is_all, is_exact;
};

/* Lists of children, in order of creation. What names a parent that cannot be is a root. */
static void make_links(struct walk *walk) {
    int32_t n = (int32_t)walk->snapshot->n_components;
    for (int32_t i = 0; i < n; i++) {
        walk->links[i] = (struct link){NONE, NONE, NONE};
    }
    for (int32_t i = n - 1; i >= 0; i--) {
        int32_t parent = walk->snapshot->components[i].parent;
        if (parent >= 0 && parent < i) {
            walk->links[i].parent = parent;
            walk->links[i].next = walk->links[parent].first;
            walk->links[parent].first = i;
        }
    }
}

static bool is_empty(const struct snapshot_component *component) {
    return component->ended && component->live_blocks == 0 && component->pool_bytes == 0 &&
           component->charged_bytes == 0;
}

static void add_name(struct walk *walk, const struct snapshot_component *component,
                     unsigned level) {
    char generation[32] = "";
    if (component->generation > 1) {
        snprintf(generation, sizeof(generation), " #%" PRIu32, component->generation);
    }
    int indent = (int)(level < INDENT_MAX ? level : INDENT_MAX) * 2;
    table_cell(&walk->table, "%*s%s%s%s", indent, "", component->name, generation,
               component->ended ? " (ended)" : "");
}

static void add_row(struct walk *walk, int32_t index, unsigned level) {
    const struct snapshot_component *component = &walk->snapshot->components[index];
    struct table *table = &walk->table;
    bool is_exact = walk->is_exact;
    if (walk->n_rows == walk->most || (!walk->is_all && is_empty(component))) {
        walk->n_left_out++;
        return;
    }
    walk->n_rows++;
    table_row(table);
    add_name(walk, component, level);
    table_cell(table, "%s", amount_bytes(component->live_bytes, is_exact).text);
    table_cell(table, "%" PRIu64, component->live_blocks);
    table_cell(table, "%s", amount_bytes(component->pool_bytes, is_exact).text);
    table_cell(table, "%s", amount_bytes(component->charged_bytes, is_exact).text);
    table_cell(table, "%s", amount_limit(component->soft_bytes, is_exact).text);
    table_cell(table, "%s", amount_limit(component->hard_bytes, is_exact).text);
    table_cell(table, "%" PRIu64, component->refused);
}

/* From a root through all that is below it. */
static void add_tree(struct walk *walk, int32_t root) {
    int32_t at = root;
    unsigned level = 0;
    for (;;) {
        add_row(walk, at, level);
        if (walk->links[at].first != NONE) {
            at = walk->links[at].first;
            level++;
            continue;
        }
        while (at != root && walk->links[at].next == NONE) {
            at = walk->links[at].parent;
            level--;
        }
        if (at == root) {
            return;
        }
        at = walk->links[at].next;
    }
}

static void add_sums(struct walk *walk) {
    uint64_t bytes = 0, blocks = 0, pools = 0, refused = 0;
    for (size_t i = 0; i < walk->snapshot->n_components; i++) {
        bytes += walk->snapshot->components[i].live_bytes;
        blocks += walk->snapshot->components[i].live_blocks;
        pools += walk->snapshot->components[i].pool_bytes;
        refused += walk->snapshot->components[i].refused;
    }
    table_row(&walk->table);
    table_cell(&walk->table, "%s", "total");
    table_cell(&walk->table, "%s", amount_bytes(bytes, walk->is_exact).text);
    table_cell(&walk->table, "%" PRIu64, blocks);
    table_cell(&walk->table, "%s", amount_bytes(pools, walk->is_exact).text);
    table_cell(&walk->table, "%s", "");
    table_cell(&walk->table, "%s", "");
    table_cell(&walk->table, "%s", "");
    table_cell(&walk->table, "%" PRIu64, refused);
}

int component_tree_print(const struct snapshot *snapshot, size_t most, bool is_all, bool is_exact,
                         FILE *stream) {
    struct walk walk = {
        .snapshot = snapshot,
        .links = calloc(snapshot->n_components + 1, sizeof(walk.links[0])),
        .table = {.titles = {"component", "live", "blocks", "pools' slabs", "charged", "soft limit",
                             "hard limit", "refused"},
                  .n_columns = 8,
                  .is_left = {true}},
        .most = most,
        .is_all = is_all,
        .is_exact = is_exact,
    };
    if (!walk.links) {
        return -ENOMEM;
    }
    make_links(&walk);
    for (size_t i = 0; i < snapshot->n_components; i++) {
        if (walk.links[i].parent == NONE) {
            add_tree(&walk, (int32_t)i);
        }
    }
    add_sums(&walk);
    int result = table_print(&walk.table, stream);
    if (result == 0 && walk.n_left_out > 0) {
        fprintf(stream, "%zu components more: --all shows them\n", walk.n_left_out);
    }
    table_release(&walk.table);
    free(walk.links);
    return result;
}
