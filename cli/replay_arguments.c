/* SPDX-License-Identifier: MIT */
/* The command line of `mempool replay`. */
#include "cli/replay_arguments.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/message.h"
#include "cli/option.h"

static const char verb[] = "replay";

enum {
    OPTION_AGAINST = OPTION_LONG,
    OPTION_WORKERS,
    OPTION_ROUNDS,
    OPTION_JSON,
    OPTION_NO_PROGRESS,
    NAME_BYTES = 32,
};

static const struct option long_options[] = {
    {"against", required_argument, NULL, OPTION_AGAINST},
    {"workers", required_argument, NULL, OPTION_WORKERS},
    {"rounds", required_argument, NULL, OPTION_ROUNDS},
    {"json", no_argument, NULL, OPTION_JSON},
    {"no-progress", no_argument, NULL, OPTION_NO_PROGRESS},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void print_help(void) {
    fputs(
        "Usage: mempool replay [OPTION...] TRACE\n"
        "\n"
        "Runs the gets and puts of a recorded program, and its mallocs and frees where the trace\n"
        "has them, through our pools and heap and through others, round by round in turn, and\n"
        "prints what each took: time for a get and its put, or a malloc and its free, and\n"
        "resident memory. Then it prints the counters of our pools.\n"
        "\n"
        "TRACE is a file of the format `mempool-trace 1`, compressed with zstd, as in data/.\n"
        "\n"
        "Options:\n"
        "  --against=LIST  what to compare with, separated by commas, or `none`\n"
        "                  (default: malloc,classic):\n",
        stdout);
    for (size_t i = 1; contender_at(i); i++) {
        printf("                    %-8s %s\n", contender_at(i)->name, contender_at(i)->summary);
    }
    printf("  --workers=N     threads that share the recorded threads' work, 1 to %d (default: 1)\n"
           "  --rounds=N      timed rounds of each, 1 to %d (default: %d)\n",
           PLAN_WORKERS_MAX, REPLAY_ROUNDS_MAX, REPLAY_ROUNDS_DEFAULT);
    fputs("  --json          print JSON in place of tables\n"
          "  --no-progress   say nothing while it runs (which is so, too, when standard error is\n"
          "                  not a terminal)\n"
          "  -h, --help      print this\n"
          "\n"
          "Exit status: 0 done; 1 it failed while running, or objects overlapped; 2 bad options,\n"
          "or a trace that cannot be read or is damaged.\n",
          stdout);
}

static int add_contender(struct replay_arguments *arguments, const char *text, size_t bytes) {
    char name[NAME_BYTES];
    snprintf(name, sizeof(name), "%.*s", bytes < NAME_BYTES ? (int)bytes : NAME_BYTES - 1, text);
    const struct replay_contender *contender = bytes < NAME_BYTES ? contender_by_name(name) : NULL;
    if (!contender) {
        return option_refuse(verb, "--against: unknown contender", name);
    }
    for (unsigned i = 0; i < arguments->n_contenders; i++) {
        if (arguments->contenders[i] == contender) {
            return option_refuse(
                verb, i == 0 ? "--against: always takes part:" : "--against: twice:", name);
        }
    }
    arguments->contenders[arguments->n_contenders++] = contender;
    return 0;
}

static int parse_against(struct replay_arguments *arguments, const char *list) {
    arguments->n_contenders = 1;
    if (strcmp(list, "none") == 0) {
        return 0;
    }
    for (;;) {
        size_t bytes = strcspn(list, ",");
        if (add_contender(arguments, list, bytes) != 0) {
            return -1;
        }
        if (list[bytes] == '\0') {
            return 0;
        }
        list += bytes + 1;
    }
}

static void set_defaults(struct replay_arguments *arguments) {
    *arguments = (struct replay_arguments){
        .contenders = {&contender_mempool, &contender_malloc, &contender_classic},
        .n_contenders = 3,
        .workers = 1,
        .rounds = REPLAY_ROUNDS_DEFAULT,
    };
}

static int apply(struct replay_arguments *arguments, int option) {
    switch (option) {
    case OPTION_AGAINST:
        return parse_against(arguments, optarg);
    case OPTION_WORKERS:
        return option_number(verb, "--workers", optarg, 1, PLAN_WORKERS_MAX, &arguments->workers);
    case OPTION_ROUNDS:
        return option_number(verb, "--rounds", optarg, 1, REPLAY_ROUNDS_MAX, &arguments->rounds);
    case OPTION_JSON:
        arguments->is_json = true;
        return 0;
    default:
        arguments->is_quiet = true;
        return 0;
    }
}

static int take_path(struct replay_arguments *arguments, int argc, char **argv) {
    if (optind == argc) {
        complain(verb, "no TRACE given (see mempool replay --help)");
        return -1;
    }
    if (optind + 1 < argc) {
        return option_refuse(verb, "one TRACE at a time; unexpected", argv[optind + 1]);
    }
    if (argv[optind][0] == '\0') {
        return option_refuse(verb, "TRACE is empty:", "");
    }
    arguments->path = argv[optind];
    return 0;
}

enum replay_arguments_verdict replay_arguments_parse(struct replay_arguments *arguments, int argc,
                                                     char **argv) {
    int option;
    set_defaults(arguments);
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
        if (option == 'h') {
            print_help();
            return REPLAY_ARGUMENTS_HELPED;
        }
        int result = option == '?' || option == ':' ? option_unknown(verb, option, argv)
                                                    : apply(arguments, option);
        if (result != 0) {
            return REPLAY_ARGUMENTS_BAD;
        }
    }
    return take_path(arguments, argc, argv) == 0 ? REPLAY_ARGUMENTS_RUN : REPLAY_ARGUMENTS_BAD;
}
