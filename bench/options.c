/* SPDX-License-Identifier: MIT */
/* The command line, by getopt_long. */
#include "bench/options.h"

#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Enough rounds for quartiles, and short ones: a disturbance then spoils few of them. */
#define FULL_ROUNDS 11
#define FULL_FRESH_ROUNDS 3
#define FULL_SLICE_MS 100
#define QUICK_ROUNDS 3
#define QUICK_FRESH_ROUNDS 1
#define QUICK_SLICE_MS 20
#define SLICE_MS_MAX 60000

static const char help_text[] =
    "Usage: mempool-bench [OPTION]...\n"
    "Compare mempool with every other allocator that is installed.\n"
    "\n"
    "      --quick            fewer and shorter rounds: about a minute, noisier figures\n"
    "      --cases=GLOB,...   only the cases whose names match (see --list)\n"
    "      --peers=NAME,...   only these allocators; mempool itself is always there\n"
    "      --library=NAME=FILE\n"
    "                         preload FILE as the malloc NAME: another version of a known one,\n"
    "                         or one that is not known\n"
    "      --rounds=N         rounds of each case and allocator (1 to 101)\n"
    "      --slice-ms=N       milliseconds that a round measures (1 to 60000)\n"
    "      --trace=FILE       trace to replay\n"
    "      --heap-trace=FILE  trace with heap events to replay\n"
    "      --json=FILE        write all figures to FILE too\n"
    "      --list             list cases and allocators, and end\n"
    "  -h, --help             this text\n"
    "\n"
    "Exit status: 0 done (whether or not targets are reached), 1 a measurement failed,\n"
    "2 wrong usage.\n";

enum option_code {
    OPTION_QUICK = 256,
    OPTION_CASES,
    OPTION_PEERS,
    OPTION_LIBRARY,
    OPTION_ROUNDS,
    OPTION_SLICE_MS,
    OPTION_TRACE,
    OPTION_HEAP_TRACE,
    OPTION_JSON,
    OPTION_LIST,
};

static const struct option long_options[] = {
    {"quick", no_argument, NULL, OPTION_QUICK},
    {"cases", required_argument, NULL, OPTION_CASES},
    {"peers", required_argument, NULL, OPTION_PEERS},
    {"library", required_argument, NULL, OPTION_LIBRARY},
    {"rounds", required_argument, NULL, OPTION_ROUNDS},
    {"slice-ms", required_argument, NULL, OPTION_SLICE_MS},
    {"trace", required_argument, NULL, OPTION_TRACE},
    {"heap-trace", required_argument, NULL, OPTION_HEAP_TRACE},
    {"json", required_argument, NULL, OPTION_JSON},
    {"list", no_argument, NULL, OPTION_LIST},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* What was said, before it is put together: the order of options does not matter. */
struct said {
    bool quick, list;
    const char *cases, *peers;
    unsigned rounds, slice_ms; /* 0: not said */
};

static enum options_outcome wrong(const char *what, const char *text) {
    (void)fprintf(stderr, "mempool-bench: %s: '%s'; see mempool-bench --help\n", what, text);
    return OPTIONS_WRONG;
}

/* A whole number from 1 to limit; 0: it is none. */
static unsigned read_number(const char *text, unsigned limit) {
    char *end = NULL;
    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    bool whole = text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
    return whole && number <= limit ? (unsigned)number : 0;
}

/* Choose the cases that match any of the comma-separated patterns; false: one matches none. */
static bool choose_cases(struct results *results, const char *patterns, char *pattern,
                         size_t bytes) {
    while (*patterns != '\0') {
        size_t length = strcspn(patterns, ",");
        (void)snprintf(pattern, bytes, "%.*s", (int)length, patterns);
        bool any = false;
        for (size_t i = 0; i < bench_n_cases; i++) {
            if (fnmatch(pattern, bench_cases[i].name, 0) == 0) {
                results->chosen[i] = true;
                any = true;
            }
        }
        if (!any) {
            return false;
        }
        patterns += length + (patterns[length] == ',');
    }
    return true;
}

static enum options_outcome read_library(struct peer_list *peers, const char *text) {
    int status = peer_list_library(peers, text);
    if (status == -ENOSPC) {
        return wrong("too many allocators", text);
    }
    if (status != 0) {
        return wrong("--library wants NAME=FILE, NAME that of a malloc", text);
    }
    return OPTIONS_RUN;
}

/* One option; OPTIONS_RUN: go on reading. */
static enum options_outcome read_one(int code, struct options *ret, struct said *said,
                                     struct peer_list *peers) {
    switch (code) {
    case OPTION_QUICK:
        said->quick = true;
        return OPTIONS_RUN;
    case OPTION_CASES:
        said->cases = optarg;
        return OPTIONS_RUN;
    case OPTION_PEERS:
        said->peers = optarg;
        return OPTIONS_RUN;
    case OPTION_LIBRARY:
        return read_library(peers, optarg);
    case OPTION_ROUNDS:
        said->rounds = read_number(optarg, SAMPLES_MAX);
        return said->rounds > 0 ? OPTIONS_RUN : wrong("--rounds wants 1 to 101", optarg);
    case OPTION_SLICE_MS:
        said->slice_ms = read_number(optarg, SLICE_MS_MAX);
        return said->slice_ms > 0 ? OPTIONS_RUN : wrong("--slice-ms wants 1 to 60000", optarg);
    case OPTION_TRACE:
        ret->trace_path = optarg;
        return OPTIONS_RUN;
    case OPTION_HEAP_TRACE:
        ret->heap_trace_path = optarg;
        return OPTIONS_RUN;
    case OPTION_JSON:
        ret->json_path = optarg;
        return OPTIONS_RUN;
    case OPTION_LIST:
        said->list = true;
        return OPTIONS_RUN;
    case 'h':
        (void)fputs(help_text, stdout);
        return OPTIONS_DONE;
    default: /* getopt_long has said what is wrong */
        (void)fprintf(stderr, "Try 'mempool-bench --help'.\n");
        return OPTIONS_WRONG;
    }
}

static void fill_schedule(struct schedule_options *ret, const struct said *said) {
    ret->rounds = said->quick ? QUICK_ROUNDS : FULL_ROUNDS;
    ret->fresh_rounds = said->quick ? QUICK_FRESH_ROUNDS : FULL_FRESH_ROUNDS;
    ret->slice_ms = said->quick ? QUICK_SLICE_MS : FULL_SLICE_MS;
    if (said->rounds > 0) {
        ret->rounds = said->rounds;
        ret->fresh_rounds = said->rounds;
    }
    if (said->slice_ms > 0) {
        ret->slice_ms = said->slice_ms;
    }
    ret->progress = isatty(STDERR_FILENO) == 1;
}

enum options_outcome options_read(int argc, char **argv, struct options *ret,
                                  struct peer_list *peers, struct results *results) {
    struct said said = {0};
    char pattern[128];
    memset(ret, 0, sizeof(*ret));
    ret->trace_path = BENCH_TRACE;
    ret->heap_trace_path = BENCH_HEAP_TRACE;
    for (int code = getopt_long(argc, argv, "h", long_options, NULL); code != -1;
         code = getopt_long(argc, argv, "h", long_options, NULL)) {
        enum options_outcome outcome = read_one(code, ret, &said, peers);
        if (outcome != OPTIONS_RUN) {
            return outcome;
        }
    }
    if (optind < argc) {
        return wrong("what is this", argv[optind]);
    }
    if (!choose_cases(results, said.cases != NULL ? said.cases : "*", pattern, sizeof(pattern))) {
        return wrong("--cases: no case matches", pattern);
    }
    const char *unknown = said.peers != NULL ? peer_list_choose(peers, said.peers) : NULL;
    if (unknown != NULL) {
        return wrong("--peers: no such allocator", unknown);
    }
    fill_schedule(&ret->schedule, &said);
    return said.list ? OPTIONS_LIST : OPTIONS_RUN;
}
