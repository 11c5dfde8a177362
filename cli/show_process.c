/* SPDX-License-Identifier: MIT */
/* `mempool show` of a whole process. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/amount.h"
#include "cli/component_tree.h"
#include "cli/live_bytes.h"
#include "cli/show.h"
#include "cli/table.h"
#include "export/derive.h"

static size_t count_kind(const struct snapshot *snapshot, enum snapshot_pool_kind kind) {
    size_t n = 0;
    for (size_t i = 0; i < snapshot->n_pools; i++) {
        n += snapshot->pools[i].kind == kind;
    }
    return n;
}

static void print_misuses(const struct snapshot *snapshot, FILE *stream) {
    uint64_t n = 0;
    for (size_t i = 0; i < snapshot->n_misuses; i++) {
        n += snapshot->misuses[i].count;
    }
    fprintf(stream, "misuse reports: %" PRIu64, n);
    for (size_t i = 0; i < snapshot->n_misuses; i++) {
        if (snapshot->misuses[i].count > 0) {
            fprintf(stream, ", %s %" PRIu64, snapshot->misuses[i].kind,
                    snapshot->misuses[i].count);
        }
    }
    fputc('\n', stream);
}

static void print_head(const struct show *show, FILE *stream) {
    const struct snapshot *snapshot = show->snapshot;
    fprintf(stream, "%s (pid %" PRId64 "%s), mempool %s, for %s, as of %s\n", snapshot->program,
            snapshot->pid, snapshot->source == SNAPSHOT_OF_CORE ? ", a core file" : "",
            snapshot->version, amount_age((int64_t)snapshot->uptime_seconds).text,
            amount_moment(snapshot->taken_seconds).text);
    fprintf(stream,
            "live %s in slabs of %s; pools %zu, components %zu, accounts %zu, threads %zu\n",
            amount_bytes(live_bytes(snapshot), show->is_exact).text,
            amount_bytes(snapshot->slabs_bytes, show->is_exact).text,
            count_kind(snapshot, SNAPSHOT_POOL), snapshot->n_components, snapshot->n_accounts,
            snapshot->n_threads);
    if (snapshot->ledger.is_known) {
        fprintf(stream, "resident %s, of it unexplained %s\n",
                amount_bytes(snapshot->ledger.resident, show->is_exact).text,
                amount_bytes(snapshot->ledger.unexplained, show->is_exact).text);
    }
    print_misuses(snapshot, stream);
}

static void add_pool(struct table *table, const struct snapshot_pool *pool, bool is_exact) {
    static const char *const kinds[] = {"", " (heap class)", " (destroyed)"};
    table_row(table);
    table_cell(table, "%s", amount_bytes(derive_live_bytes(pool), is_exact).text);
    table_cell(table, "%" PRIu64, derive_live_objects(pool));
    table_cell(table, "%" PRIu64, pool->max_alloc);
    table_cell(table, "%" PRIu64, pool->cached + pool->depot);
    table_cell(table, "%s", amount_bytes(pool->slab_bytes, is_exact).text);
    table_cell(table, "%" PRIu64, pool->alloc_count);
    table_cell(table, "%" PRIu64, pool->pool_misses);
    table_cell(table, "%" PRIu64, pool->refused);
    table_cell(table, "%" PRIu64, pool->misuses);
    table_cell(table, "%s%s", pool->name, kinds[pool->kind <= SNAPSHOT_ZOMBIE ? pool->kind : 0]);
}

static int print_table(struct table *table, FILE *stream) {
    fputc('\n', stream);
    int result = table_print(table, stream);
    table_release(table);
    return result;
}

static void print_left_out(const struct snapshot *snapshot, FILE *stream) {
    size_t n_classes = count_kind(snapshot, SNAPSHOT_HEAP_CLASS);
    size_t n_zombies = count_kind(snapshot, SNAPSHOT_ZOMBIE);
    if (n_classes > 0 || n_zombies > 0) {
        fprintf(stream,
                "not shown: destroyed pools with live objects %zu, classes of the accounted heap "
                "%zu (--all)\n",
                n_zombies, n_classes);
    }
}

static int print_pools(const struct show *show, FILE *stream) {
    struct table table = {
        .titles = {"live", "objects", "peak", "cached", "slabs", "gets", "misses", "refused",
                   "misuses", "pool"},
        .n_columns = 10,
        .is_left = {[9] = true},
    };
    size_t n;
    const struct snapshot_pool **pools = show_pools_order(show, &n);
    if (!pools) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < n && i < show->most; i++) {
        add_pool(&table, pools[i], show->is_exact);
    }
    free(pools);
    int result = print_table(&table, stream);
    if (n > show->most) {
        fprintf(stream, "%zu of %zu pools shown: --all shows them\n", show->most, n);
    }
    if (!show->is_all) {
        print_left_out(show->snapshot, stream);
    }
    return result;
}

static int print_accounts(const struct show *show, FILE *stream) {
    struct table table = {
        .titles = {"live", "blocks", "peak", "peak blocks", "allocations", "frees", "component",
                   "type"},
        .n_columns = 8,
        .is_left = {[6] = true, [7] = true},
    };
    const struct snapshot *snapshot = show->snapshot;
    size_t n;
    const struct snapshot_account **accounts = show_accounts_order(show, &n);
    if (!accounts) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < n && i < show->most; i++) {
        const struct snapshot_account *account = accounts[i];
        bool has_component =
            account->component >= 0 && (size_t)account->component < snapshot->n_components;
        table_row(&table);
        table_cell(&table, "%s", amount_bytes(account->live_bytes, show->is_exact).text);
        table_cell(&table, "%" PRIu64, account->live_blocks);
        table_cell(&table, "%s", amount_bytes(account->peak_bytes, show->is_exact).text);
        table_cell(&table, "%" PRIu64, account->peak_blocks);
        table_cell(&table, "%" PRIu64, account->total_blocks);
        table_cell(&table, "%" PRIu64, account->total_frees);
        table_cell(&table, "%s",
                   has_component ? snapshot->components[account->component].name : "?");
        table_cell(&table, "%s", account->type);
    }
    free(accounts);
    int result = print_table(&table, stream);
    if (n > show->most) {
        fprintf(stream, "%zu of %zu accounts shown: --all shows them\n", show->most, n);
    }
    return result;
}

/* As the snapshot has them, which is by their numbers. */
static int print_threads(const struct show *show, FILE *stream) {
    struct table table = {
        .titles = {"cached", "objects", "caches", "granted", "attached for", "id", "thread"},
        .n_columns = 7,
        .is_left = {[6] = true},
    };
    const struct snapshot *snapshot = show->snapshot;
    for (size_t i = 0; i < snapshot->n_threads && i < show->most; i++) {
        const struct snapshot_thread *thread = &snapshot->threads[i];
        table_row(&table);
        table_cell(&table, "%s", amount_bytes(thread->cached_bytes, show->is_exact).text);
        table_cell(&table, "%" PRIu64, thread->cached_objects);
        table_cell(&table, "%" PRIu64, thread->caches);
        table_cell(&table, "%s", amount_bytes(thread->granted_bytes, show->is_exact).text);
        table_cell(&table, "%s", amount_age(thread->attached_seconds).text);
        table_cell(&table, "%" PRId64, thread->id);
        table_cell(&table, "%s", thread->name);
    }
    int result = print_table(&table, stream);
    if (snapshot->n_threads > show->most) {
        fprintf(stream, "%zu of %zu threads shown: --all shows them\n", show->most,
                snapshot->n_threads);
    }
    return result;
}

int show_process(const struct show *show, FILE *stream) {
    int result = 0;
    print_head(show, stream);
    if (show->snapshot->n_components > 0) {
        fputc('\n', stream);
        result = component_tree_print(show->snapshot, show->most, show->is_all, show->is_exact,
                                      stream);
    }
    if (result == 0) {
        result = print_pools(show, stream);
    }
    if (result == 0 && show->snapshot->n_accounts > 0) {
        result = print_accounts(show, stream);
    }
    if (result == 0 && show->snapshot->n_threads > 0) {
        result = print_threads(show, stream);
    }
    return result;
}
