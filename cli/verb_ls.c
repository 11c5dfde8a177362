/* SPDX-License-Identifier: MIT */
/* `mempool ls`: the processes of this machine that use the library. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <mempool/mempool.h>

#include "cli/json_value.h"
#include "cli/message.h"
#include "cli/option.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "inspect/process.h"

static const char verb[] = "ls";

enum {
    OPTION_JSON = OPTION_LONG,
    OPTION_ALL,
};

static const struct option long_options[] = {
    {"all", no_argument, NULL, OPTION_ALL},
    {"json", no_argument, NULL, OPTION_JSON},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* One that publishes, or why it cannot be told. */
struct row {
    int64_t pid;
    char program[PROCESS_PROGRAM_BYTES];
    bool is_readable;
    uint64_t live_bytes, pools, threads, misuses;
    char version[32];
    char why[sizeof(((struct snapshot_error *)NULL)->text)];
    bool is_likely; /* it is known to use the library */
};

struct rows {
    struct row *list;
    size_t n;
};

static void print_help(void) {
    printf("Usage: mempool ls [OPTION...]\n"
           "\n"
           "Lists the processes of this machine that use the library and may be looked at.\n"
           "\n"
           "Options:\n"
           "  --all          name those too that may not be looked at, with the reason\n"
           "  --json         print JSON in place of a table, with all of them\n"
           "  -h, --help     print this\n"
           "\n"
           "Exit status: 0 done, also where there is none; 1 it failed while running; 2 bad\n"
           "options.\n");
}

/* ---- looking --------------------------------------------------------------------------------- */

static void fill(struct row *row, const struct snapshot *snapshot) {
    row->is_readable = true;
    row->live_bytes = snapshot->ledger.live;
    row->threads = snapshot->n_running;
    for (size_t i = 0; i < snapshot->n_pools; i++) {
        row->pools += snapshot->pools[i].kind == SNAPSHOT_POOL;
    }
    for (size_t i = 0; i < snapshot->n_misuses; i++) {
        row->misuses += snapshot->misuses[i].count;
    }
    snprintf(row->version, sizeof(row->version), "%s", snapshot->version);
    if (snapshot->program[0] != '\0') {
        snprintf(row->program, sizeof(row->program), "%s", snapshot->program);
    }
}

/* False: it has ended meanwhile. */
static bool look(struct row *row) {
    const struct snapshot_options options = {.want = 0};
    struct snapshot_error error = {.code = 0};
    struct process *process = NULL;
    struct snapshot *snapshot = NULL;
    int result = process_open(&process, row->pid, &error);
    if (result == 0) {
        result = snapshot_take(&snapshot, process_source(process), &options, &error);
        result = result != 0 && process_check(process) == -ESRCH ? -ESRCH : result;
        process_close(process);
    }
    if (result == 0) {
        fill(row, snapshot);
        snapshot_free(snapshot);
    } else {
        snprintf(row->why, sizeof(row->why), "%s", error.text);
    }
    return result != -ESRCH && result != -ENODATA;
}

/* Of one that cannot be looked into it is not known whether it belongs here. */
static bool add(struct row *row, const struct process_found *found) {
    *row = (struct row){.pid = found->pid, .is_likely = found->code == 0};
    snprintf(row->program, sizeof(row->program), "%s", found->program);
    if (found->code == 0) {
        return look(row);
    }
    row->is_likely = found->code == -EBADMSG || found->header != 0;
    snprintf(row->why, sizeof(row->why), "%s",
             found->code == -EBADMSG ? "what it publishes is damaged"
                                     : "it is another user's, or protected");
    return true;
}

static int collect(struct rows *rows) {
    struct process_found *found = NULL;
    size_t n = 0;
    int result = process_list(&found, &n);
    if (result == 0 && n > 0) {
        rows->list = calloc(n, sizeof(*rows->list));
        result = rows->list ? 0 : -ENOMEM;
    }
    for (size_t i = 0; i < n && result == 0; i++) {
        rows->n += add(&rows->list[rows->n], &found[i]);
    }
    free(found);
    return result;
}

/* ---- printing -------------------------------------------------------------------------------- */

static int print_table(const struct rows *rows, bool is_all) {
    struct table table = {
        .titles = {"pid", "program", "live bytes", "pools", "threads", "misuses", "version"},
        .n_columns = 7,
        .is_left = {false, true, false, false, false, false, true},
    };
    size_t n_hidden = 0;
    for (size_t i = 0; i < rows->n; i++) {
        const struct row *row = &rows->list[i];
        if (!row->is_readable && !row->is_likely && !is_all) {
            n_hidden++;
            continue;
        }
        table_row(&table);
        table_cell(&table, "%" PRId64, row->pid);
        table_cell(&table, "%s", row->program);
        if (row->is_readable) {
            table_cell(&table, "%" PRIu64, row->live_bytes);
            table_cell(&table, "%" PRIu64, row->pools);
            table_cell(&table, "%" PRIu64, row->threads);
            table_cell(&table, "%" PRIu64, row->misuses);
            table_cell(&table, "%s", row->version);
        } else {
            for (int column = 0; column < 4; column++) {
                table_cell(&table, "-");
            }
            table_cell(&table, "(%s)", row->why);
        }
    }
    int result = table_print(&table, stdout);
    table_release(&table);
    if (n_hidden > 0) {
        printf("%zu other process%s may not be looked at (--all names them)\n", n_hidden,
               n_hidden == 1 ? "" : "es");
    }
    return result;
}

static json_t *describe(const struct row *row) {
    json_t *described = json_object();
    json_object_set_new(described, "pid", json_integer(row->pid));
    json_object_set_new(described, "program", value_text(row->program));
    if (row->is_readable) {
        json_object_set_new(described, "live_bytes", json_integer((json_int_t)row->live_bytes));
        json_object_set_new(described, "pools", json_integer((json_int_t)row->pools));
        json_object_set_new(described, "threads", json_integer((json_int_t)row->threads));
        json_object_set_new(described, "misuses", json_integer((json_int_t)row->misuses));
        json_object_set_new(described, "library_version", value_text(row->version));
    } else {
        json_object_set_new(described, "uses_library", row->is_likely ? json_true() : json_null());
        json_object_set_new(described, "reason", value_text(row->why));
    }
    return described;
}

static int print_json(const struct rows *rows) {
    json_t *whole = json_object(), *readable = json_array(), *unreadable = json_array();
    for (size_t i = 0; i < rows->n; i++) {
        const struct row *row = &rows->list[i];
        json_array_append_new(row->is_readable ? readable : unreadable, describe(row));
    }
    json_object_set_new(whole, "version", json_string(mempool_version()));
    json_object_set_new(whole, "processes", readable);
    json_object_set_new(whole, "unreadable", unreadable);
    int result = whole ? json_dumpf(whole, stdout, JSON_INDENT(2)) : -1;
    json_decref(whole);
    putchar('\n');
    return result == 0 ? 0 : -ENOMEM;
}

int verb_ls(int argc, char **argv) {
    bool is_json = false, is_all = false;
    int option;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
        if (option == 'h') {
            print_help();
            return finish_output(verb);
        }
        if (option != OPTION_JSON && option != OPTION_ALL) {
            return option_unknown(verb, option, argv);
        }
        *(option == OPTION_JSON ? &is_json : &is_all) = true;
    }
    if (optind < argc) {
        return option_refuse(verb, "unexpected", argv[optind]);
    }
    struct rows rows = {.n = 0};
    int result = collect(&rows);
    if (result == 0) {
        result = is_json ? print_json(&rows) : print_table(&rows, is_all);
    }
    free(rows.list);
    int status = finish_output(verb);
    if (status == CLI_OK && result != 0) {
        complain(verb, "%s", strerror(-result));
        status = CLI_FAILED;
    }
    return status;
}
