/* SPDX-License-Identifier: MIT */
/* The command line of `mempool top`. */
#include "cli/top_arguments.h"

#include <getopt.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

#include "cli/message.h"
#include "cli/verb.h"

static const char verb[] = "top";

enum {
    FRAMES_MAX = 1000000000,
    ROWS_MAX = 1000000,
    WIDTH_DEFAULT = 120,
    WIDTH_MAX = 1000,
    EVERY_MIN_MS = 50,
    EVERY_MAX_MS = 24 * 3600 * 1000,
};

enum {
    OPTION_EVERY = OPTION_LONG,
    OPTION_VIEW,
    OPTION_SORT,
    OPTION_REVERSE,
    OPTION_FILTER,
    OPTION_ALL,
    OPTION_BATCH,
    OPTION_JSON,
    OPTION_ROWS,
    OPTION_WIDTH,
    OPTION_EXIT,
    OPTION_ASCII,
    OPTION_NO_COLOURS,
};

static const struct option long_options[] = {
    {"every", required_argument, NULL, OPTION_EVERY},
    {"view", required_argument, NULL, OPTION_VIEW},
    {"sort", required_argument, NULL, OPTION_SORT},
    {"reverse", no_argument, NULL, OPTION_REVERSE},
    {"filter", required_argument, NULL, OPTION_FILTER},
    {"all", no_argument, NULL, OPTION_ALL},
    {"batch", no_argument, NULL, OPTION_BATCH},
    {"frames", required_argument, NULL, 'n'},
    {"rows", required_argument, NULL, OPTION_ROWS},
    {"width", required_argument, NULL, OPTION_WIDTH},
    {"json", no_argument, NULL, OPTION_JSON},
    {"exit-with-process", no_argument, NULL, OPTION_EXIT},
    {"ascii", no_argument, NULL, OPTION_ASCII},
    {"no-colours", no_argument, NULL, OPTION_NO_COLOURS},
    TARGET_LONG_OPTIONS,
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

void top_print_help(void) {
    printf("Usage: mempool top [OPTION...] [PID]\n"
           "\n"
           "Shows a process's pools, components, accounts, call sites and threads' caches, live:\n"
           "what each holds, how fast, and what grew since the start of watching. The process is\n"
           "not stopped, and need not answer. Keys: ? explains them, q quits.\n"
           "\n"
           "Options:\n"
           "  --every=TIME         from one look to the next: 500ms, 1s (default), 2m, ...\n"
           "  --view=NAME          pools (default), components, accounts, sites, threads\n"
           "  --sort=NAME          sort by a column: name, live, bytes, growth, gets, ...\n"
           "  --reverse            the other way round\n"
           "  --filter=TEXT        only names that have this in them\n"
           "  --all                size classes, destroyed pools and ended components, too\n"
           "  --exit-with-process  end when the process does; else the last look stays\n"
           "  --ascii              no characters beyond ASCII; so too where the locale has none\n"
           "  --no-colours         no colours; so anyway where NO_COLOR is set\n"
           "  --batch              print to standard output, and use no terminal\n"
           "  -n, --frames=N       with --batch: so many looks (default: until the process ends)\n"
           "  --rows=N             with --batch: at most N rows a look\n"
           "  --width=N            with --batch: N columns wide (default: %d)\n"
           "  --json               with --batch: a JSON object a look, each on a line\n"
           "  --core=FILE          a core file in place of a process\n"
           "  --snapshot=FILE      a saved snapshot in place of a process\n"
           "  -h, --help           print this\n"
           "\n"
           "Exit status: 0 done, also where the process ended meanwhile; 1 it failed; 2 bad\n"
           "options, or a file that cannot be read.%s\n",
           WIDTH_DEFAULT,
           top_screen_is_supported()
               ? ""
               : "\n\nThis build was made without ncurses: there is only --batch.");
}

/* A number and ms, s, m or h; a number alone is of seconds. */
static int take_every(struct top_arguments *arguments, const char *text) {
    static const struct {
        const char *word;
        double milliseconds;
    } units[] = {{"ms", 1}, {"s", 1000}, {"", 1000}, {"m", 60000}, {"h", 3600000}};
    char *end = NULL;
    double value = text[0] >= '0' && text[0] <= '9' ? strtod(text, &end) : 0;
    for (size_t i = 0; end != NULL && i < sizeof(units) / sizeof(units[0]); i++) {
        double ms = value * units[i].milliseconds;
        if (strcmp(end, units[i].word) == 0 && ms >= EVERY_MIN_MS && ms <= EVERY_MAX_MS) {
            arguments->interval_ns = (int64_t)(ms * 1e6);
            return CLI_OK;
        }
    }
    complain(verb, "--every takes a time from 50ms to 24h, not '%s' (see mempool %s --help)", text,
             verb);
    return CLI_BAD_USAGE;
}

static int take_flag(struct top_arguments *arguments, int option) {
    switch (option) {
    case OPTION_REVERSE:
        arguments->is_reversed = true;
        break;
    case OPTION_ALL:
        arguments->has_all = true;
        break;
    case OPTION_BATCH:
        arguments->is_batch = true;
        break;
    case OPTION_JSON:
        arguments->batch.is_json = true;
        break;
    case OPTION_EXIT:
        arguments->screen.ends_with_process = true;
        break;
    case OPTION_ASCII:
        arguments->batch.is_ascii = true;
        break;
    default:
        arguments->screen.has_no_colours = true;
        break;
    }
    return CLI_OK;
}

static int take_option(struct top_arguments *arguments, int option, const char *value) {
    struct top_batch *batch = &arguments->batch;
    switch (option) {
    case OPTION_EVERY:
        return take_every(arguments, value);
    case OPTION_VIEW:
        arguments->view_word = value;
        return CLI_OK;
    case OPTION_SORT:
        arguments->sort_word = value;
        return CLI_OK;
    case OPTION_FILTER:
        arguments->filter = value;
        return CLI_OK;
    case 'n':
        return option_number(verb, "--frames", value, 1, FRAMES_MAX, &batch->n_frames);
    case OPTION_ROWS:
        return option_number(verb, "--rows", value, 1, ROWS_MAX, &batch->n_rows);
    case OPTION_WIDTH:
        return option_number(verb, "--width", value, TOP_WIDTH_MIN, WIDTH_MAX, &batch->width);
    case TARGET_OPTION_CORE:
    case TARGET_OPTION_SNAPSHOT:
        return target_option(&arguments->target, option, value);
    default:
        return take_flag(arguments, option);
    }
}

static int find_words(struct top_arguments *arguments) {
    if (arguments->view_word != NULL) {
        int view = top_find_view(arguments->view_word);
        if (view < 0) {
            return option_refuse(verb, "unknown view", arguments->view_word);
        }
        arguments->view = (enum top_view)view;
    }
    if (arguments->sort_word != NULL) {
        arguments->sort = top_find_column(arguments->view, arguments->sort_word);
        if (arguments->sort < 0) {
            complain(verb, "%s have no column '%s' to sort by (see mempool top --help)",
                     top_views_known[arguments->view].word, arguments->sort_word);
            return CLI_BAD_USAGE;
        }
    }
    if (arguments->filter != NULL && strlen(arguments->filter) >= TOP_FILTER_BYTES) {
        return option_refuse(verb, "a filter is a shorter text than", arguments->filter);
    }
    bool has_own = arguments->batch.is_json || arguments->batch.n_frames || arguments->batch.n_rows;
    if (has_own && !arguments->is_batch) {
        complain(verb, "--json, --frames and --rows need --batch (see mempool top --help)");
        return CLI_BAD_USAGE;
    }
    return CLI_OK;
}

static void begin(struct top_arguments *arguments) {
    const char *no_colour = getenv("NO_COLOR");
    bool is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    *arguments = (struct top_arguments){
        .target = {.verb = verb},
        .batch = {.width = WIDTH_DEFAULT, .is_ascii = !is_utf8},
        .screen = {.has_no_colours = no_colour != NULL && no_colour[0] != '\0'},
        .interval_ns = 1000000000,
        .sort = -1,
    };
}

int top_arguments_parse(struct top_arguments *arguments, int argc, char **argv) {
    begin(arguments);
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, ":n:h", long_options, NULL)) != -1;) {
        if (option == 'h') {
            arguments->is_help = true;
            return CLI_OK;
        }
        int status = option == '?' || option == ':' ? option_unknown(verb, option, argv)
                                                    : take_option(arguments, option, optarg);
        if (status != CLI_OK) {
            return status;
        }
    }
    int status = find_words(arguments);
    status = status ? status : target_argument(&arguments->target, argc, argv);
    if (status == CLI_OK && optind < argc) {
        status = option_refuse(verb, "one process at a time; unexpected", argv[optind]);
    }
    arguments->screen.is_ascii = arguments->batch.is_ascii;
    return status;
}
