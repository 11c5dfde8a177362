/* SPDX-License-Identifier: MIT */
/* `mempool diff`: what grew from one snapshot to the next. */
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/message.h"
#include "cli/snapshot.h"
#include "cli/table.h"
#include "cli/verb.h"

static const char verb[] = "diff";

enum {
    OPTION_TOP = 256,
    OPTION_ALL,
    TOP_DEFAULT = 20,
    TOP_MAX = 1000000,
};

static const struct option long_options[] = {
    {"top", required_argument, NULL, OPTION_TOP},
    {"all", no_argument, NULL, OPTION_ALL},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct arguments {
    const char *paths[2]; /* before, after */
    unsigned top;         /* 0: no number was given */
    bool is_all, is_help;
};

static void print_help(void) {
    printf("Usage: mempool diff [OPTION...] BEFORE AFTER\n"
           "\n"
           "Prints what became more from one snapshot of a process's live memory to a later one:\n"
           "types and call sites, most bytes first, and a line of totals.\n"
           "\n"
           "BEFORE and AFTER are files that mempool_snapshot(3) wrote.\n"
           "\n"
           "Options:\n"
           "  --top=N     at most N lines (default: %d; with --all: all)\n"
           "  --all       what became less, or has stayed as it was, too\n"
           "  -h, --help  print this\n"
           "\n"
           "Exit status: 0 done; 1 it failed while running; 2 bad options, or a file that cannot\n"
           "be read or is no snapshot.\n",
           TOP_DEFAULT);
}

static int complain_usage(const char *what, const char *word) {
    complain(verb, "%s '%s' (see mempool diff --help)", what, word);
    return CLI_BAD_USAGE;
}

static int parse_top(struct arguments *arguments, const char *text) {
    unsigned value = 0;
    const char *digit = text;
    for (; *digit >= '0' && *digit <= '9' && value <= TOP_MAX; digit++) {
        value = value * 10 + (unsigned)(*digit - '0');
    }
    if (*digit || value < 1 || value > TOP_MAX) {
        complain(verb, "--top takes a number from 1 to %d, not '%s' (see mempool diff --help)",
                 TOP_MAX, text);
        return CLI_BAD_USAGE;
    }
    arguments->top = value;
    return CLI_OK;
}

/* An option that getopt_long did not like: tell why. */
static int complain_option(int returned, char **argv) {
    const char *word = argv[optind - 1];
    if (returned == ':') {
        return complain_usage("a value is missing after", word);
    }
    if (optopt >= OPTION_TOP) {
        return complain_usage("this option takes no value:", word);
    }
    char letter[] = {'-', (char)optopt, '\0'};
    return complain_usage("unknown option", optopt ? letter : word);
}

static int take_paths(struct arguments *arguments, int argc, char **argv) {
    if (argc - optind < 2) {
        complain(verb, "no %s given (see mempool diff --help)",
                 optind == argc ? "BEFORE and AFTER" : "AFTER");
        return CLI_BAD_USAGE;
    }
    if (argc - optind > 2) {
        return complain_usage("two snapshots at a time; unexpected", argv[optind + 2]);
    }
    arguments->paths[0] = argv[optind];
    arguments->paths[1] = argv[optind + 1];
    return CLI_OK;
}

static int parse(struct arguments *arguments, int argc, char **argv) {
    int option, status = CLI_OK;
    opterr = 0;
    optind = 1;
    while (status == CLI_OK &&
           (option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
        switch (option) {
        case 'h':
            arguments->is_help = true;
            return CLI_OK;
        case OPTION_TOP:
            status = parse_top(arguments, optarg);
            break;
        case OPTION_ALL:
            arguments->is_all = true;
            break;
        default:
            status = complain_option(option, argv);
        }
    }
    return status == CLI_OK ? take_paths(arguments, argc, argv) : status;
}

static int64_t growth(const uint64_t sides[2]) {
    return (int64_t)(sides[1] - sides[0]);
}

static int compare(int64_t left, int64_t right) {
    return (left > right) - (left < right);
}

/* Largest growth first; what is equal in name's order, so that the output is always the same. */
static int compare_lines(const void *left, const void *right) {
    const struct snapshot_line *a = left, *b = right;
    int order = compare(growth(b->bytes), growth(a->bytes));
    order = order ? order : compare(growth(b->count), growth(a->count));
    order = order ? order : strcmp(a->what, b->what);
    order = order ? order : strcmp(a->site, b->site);
    return order ? order : strcmp(a->image ? a->image : "", b->image ? b->image : "");
}

static bool has_grown(const struct snapshot_line *line) {
    return growth(line->bytes) > 0 || growth(line->count) > 0;
}

static void add_numbers(struct table *table, const struct snapshot_line *line) {
    table_row(table);
    table_cell(table, "%+" PRId64, growth(line->bytes));
    table_cell(table, "%+" PRId64, growth(line->count));
    table_cell(table, "%" PRIu64, line->bytes[0]);
    table_cell(table, "%" PRIu64, line->bytes[1]);
    table_cell(table, "%" PRIu64, line->count[1]);
}

static int print_table(const struct snapshot_set *input, const struct arguments *arguments) {
    struct table table = {
        .titles = {"bytes", "count", "bytes before", "bytes after", "count after", "what",
                   "got at"},
        .n_columns = 7,
        .is_left = {false, false, false, false, false, true, true},
    };
    size_t most = arguments->top ? arguments->top : arguments->is_all ? SIZE_MAX : TOP_DEFAULT;
    size_t n_rows = 0, n_wanted = 0;
    struct snapshot_line total = {.what = "total"};
    for (size_t i = 0; i < input->n_places; i++) {
        const struct snapshot_line *line = &input->lines[i];
        for (int side = 0; side < 2; side++) {
            total.bytes[side] += line->bytes[side];
            total.count[side] += line->count[side];
        }
        if (arguments->is_all || has_grown(line)) {
            n_wanted++;
            if (n_rows < most) {
                n_rows++;
                add_numbers(&table, line);
                table_cell(&table, "%s", line->what);
                table_cell(&table, "%s", line->site);
            }
        }
    }
    add_numbers(&table, &total);
    table_cell(&table, "%s", total.what);
    table_cell(&table, "%zu of %zu lines shown", n_rows, n_wanted);
    int result = table_print(&table, stdout);
    table_release(&table);
    return result;
}

static int run(struct snapshot_set *input, const struct arguments *arguments) {
    for (unsigned side = 0; side < 2; side++) {
        int status = snapshot_read(input, arguments->paths[side], side);
        if (status != CLI_OK) {
            return status;
        }
    }
    snapshot_pack(input);
    qsort(input->lines, input->n_places, sizeof(*input->lines), compare_lines);
    int result = print_table(input, arguments);
    if (result != 0) {
        complain(verb, "%s", strerror(-result));
        return CLI_FAILED;
    }
    return finish_output(verb);
}

int verb_diff(int argc, char **argv) {
    struct arguments arguments = {.top = 0};
    struct snapshot_set input = {.verb = verb};
    int status = parse(&arguments, argc, argv);
    if (status != CLI_OK) {
        return status;
    }
    if (arguments.is_help) {
        print_help();
        return finish_output(verb);
    }
    status = run(&input, &arguments);
    snapshot_release(&input);
    return status;
}
