/* SPDX-License-Identifier: MIT */
/* `mempool ledger`: what a process's memory consists of, in terms that add up. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/amount.h"
#include "cli/component_tree.h"
#include "cli/json_value.h"
#include "cli/ledger.h"
#include "cli/message.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "cli/view_job.h"
#include "cli/view_json.h"

static const char verb[] = "ledger";

static const struct option long_options[] = {
    {"top", required_argument, NULL, VIEW_OPTION_TOP},
    {"all", no_argument, NULL, VIEW_OPTION_ALL},
    VIEW_LONG_OPTIONS,
    {NULL, 0, NULL, 0},
};

static void print_help(void) {
    printf("Usage: mempool ledger [OPTION...] PID\n"
           "\n"
           "Prints what the resident memory of a process consists of, as mempool_ledger(3) tells\n"
           "it in the process; then, of each pool, what its slabs are used for, and of each\n"
           "component what it holds. The parts add up to the totals; of a process that runs, but\n"
           "for what comes and goes meanwhile.\n"
           "\n"
           "Options:\n");
    view_print_target_help();
    printf("  --top=N        at most N pools, components (default: %d)\n"
           "  --all          all of them\n",
           VIEW_TOP_DEFAULT);
    view_print_help_end();
}

struct part {
    const char *name, *meaning;
    const char *sign;
    uint64_t bytes;
};

static void add_parts(struct table *table, const struct part *parts, size_t n, uint64_t resident,
                      bool is_exact) {
    for (size_t i = 0; i < n; i++) {
        table_row(table);
        table_cell(table, "%s%s", parts[i].sign, amount_bytes(parts[i].bytes, is_exact).text);
        table_cell(table, "%s", amount_share(parts[i].bytes, resident).text);
        table_cell(table, "%s", parts[i].name);
        table_cell(table, "%s", parts[i].meaning);
    }
}

static int print_process(const struct snapshot *snapshot, bool is_exact) {
    const struct snapshot_ledger *ledger = &snapshot->ledger;
    const struct part books[] = {
        {"live", "objects and blocks, as asked for", "", ledger->live},
        {"padding", "the rest of their slots", "", ledger->padding},
        {"cached", "free slots in threads' caches and depots", "", ledger->cached},
    };
    const struct part others[] = {
        {"free", "other resident parts of slabs", "", ledger->free},
        {"untouched", "of the above, never written: not resident", "-", ledger->untouched},
        {"records", "bookkeeping of the library", "", ledger->records},
        {"libc heap", "of malloc", "", ledger->libc_heap},
        {"files", "programs, libraries, mapped files", "", ledger->files},
        {"stack", "of threads", "", ledger->stack},
        {"named", "shared memory, and mappings with names", "", ledger->named},
        {"unexplained", "other mappings", "", ledger->unexplained},
        {"resident", "the sum", "", ledger->resident},
    };
    struct table table = {
        .titles = {"bytes", "share", "memory", "what it is"},
        .n_columns = 4,
        .is_left = {false, false, true, true},
    };
    add_parts(&table, books, sizeof(books) / sizeof(books[0]), ledger->resident, is_exact);
    if (ledger->is_known) {
        add_parts(&table, others, sizeof(others) / sizeof(others[0]), ledger->resident, is_exact);
    }
    int result = table_print(&table, stdout);
    table_release(&table);
    if (!ledger->is_known) {
        puts("what is resident is not known");
    }
    return result;
}

static void add_pool(struct table *table, const struct ledger_row *row, bool is_exact) {
    table_row(table);
    table_cell(table, "%s", amount_bytes(row->slab_bytes, is_exact).text);
    table_cell(table, "%s", amount_bytes(row->live, is_exact).text);
    table_cell(table, "%s", amount_bytes(row->padding, is_exact).text);
    table_cell(table, "%s", amount_bytes(row->cached, is_exact).text);
    table_cell(table, "%s", amount_bytes(row->free, is_exact).text);
    table_cell(table, "%s", row->name);
}

static int print_pools(const struct ledger_rows *rows, size_t most, bool is_exact) {
    struct table table = {
        .titles = {"slabs", "live", "padding", "cached", "free", "pool"},
        .n_columns = 6,
        .is_left = {false, false, false, false, false, true},
    };
    size_t n = rows->n < most ? rows->n : most;
    for (size_t i = 0; i < n; i++) {
        add_pool(&table, &rows->rows[i], is_exact);
    }
    if (n < rows->n) {
        struct ledger_row others = {.name = "(others)"};
        for (size_t i = n; i < rows->n; i++) {
            others.slab_bytes += rows->rows[i].slab_bytes;
            others.live += rows->rows[i].live;
            others.padding += rows->rows[i].padding;
            others.cached += rows->rows[i].cached;
            others.free += rows->rows[i].free;
        }
        add_pool(&table, &others, is_exact);
    }
    add_pool(&table, &rows->total, is_exact);
    putchar('\n');
    int result = table_print(&table, stdout);
    table_release(&table);
    return result;
}

static int print_json(const struct snapshot *snapshot, const struct ledger_rows *rows,
                      size_t most) {
    json_t *whole = view_json_head(snapshot), *pools = json_array(), *components = json_array();
    json_object_set_new(whole, "ledger", view_json_ledger(&snapshot->ledger));
    for (size_t i = 0; i <= rows->n; i++) {
        const struct ledger_row *row = i < rows->n ? &rows->rows[i] : &rows->total;
        json_t *described = json_object();
        json_object_set_new(described, "name", value_text(row->name));
        json_object_set_new(described, "slab_bytes", value_count(row->slab_bytes));
        json_object_set_new(described, "live", value_count(row->live));
        json_object_set_new(described, "padding", value_count(row->padding));
        json_object_set_new(described, "cached", value_count(row->cached));
        json_object_set_new(described, "free", value_count(row->free));
        if (i == rows->n) {
            json_object_set_new(whole, "pools_total", described);
        } else if (i < most) {
            json_array_append_new(pools, described);
        } else {
            json_decref(described);
        }
    }
    json_object_set_new(whole, "pools", pools);
    for (size_t i = 0; i < snapshot->n_components && i < most; i++) {
        json_array_append_new(components,
                              view_json_component(snapshot, &snapshot->components[i]));
    }
    json_object_set_new(whole, "components", components);
    return value_print(verb, whole);
}

static int print_tables(const struct view_job *job, const struct snapshot *snapshot,
                        const struct ledger_rows *rows) {
    size_t most = view_job_most(job);
    int result = print_process(snapshot, job->is_exact);
    if (result == 0) {
        result = print_pools(rows, most, job->is_exact);
    }
    if (result == 0 && snapshot->n_components > 0) {
        putchar('\n');
        result = component_tree_print(snapshot, most, job->is_all, job->is_exact, stdout);
    }
    if (result != 0) {
        complain(verb, "%s", strerror(-result));
        return CLI_FAILED;
    }
    return finish_output(verb);
}

static int print(const struct view_job *job, const struct snapshot *snapshot) {
    struct ledger_rows rows;
    if (ledger_rows_make(snapshot, &rows) != 0) {
        complain(verb, "out of memory");
        return CLI_FAILED;
    }
    int status = job->is_json ? print_json(snapshot, &rows, view_job_most(job))
                              : print_tables(job, snapshot, &rows);
    ledger_rows_release(&rows);
    return status;
}

int verb_ledger(int argc, char **argv) {
    struct view_job job = {.verb = verb,
                           .long_options = long_options,
                           .target_want = TARGET_WANT_LEDGER,
                           .print_help = print_help,
                           .use = print};
    return view_job_run(&job, argc, argv);
}
