/* SPDX-License-Identifier: MIT */
/* What `mempool leaks` and `mempool diff` have in common: options, reading, choosing, ranking.
 *
 * `leaks` has one input, which may be a process; `diff` has two files. */
#ifndef CLI_SITE_JOB_H
#define CLI_SITE_JOB_H

#include <getopt.h>
#include <stdbool.h>

#include "cli/option.h"
#include "cli/site_input.h"
#include "cli/snapshot.h"

/* Numbers for getopt_long of the options that both have, and of the one that only one has. */
enum {
    SITE_OPTION_TOP = OPTION_LONG,
    SITE_OPTION_JSON,
    SITE_OPTION_NO_LINES,
    SITE_OPTION_OWN,
    SITE_TOP_DEFAULT = 20,
    SITE_TOP_MAX = 1000000,
};

struct site_job {
    /* What the verb is. */
    const char *verb;
    unsigned n_snapshots;                                     /* 1 or 2 */
    const char *names[2];                                     /* of the arguments, in complaints */
    const struct option *long_options;                        /* ended by zeros */
    int (*take_own)(struct site_job *job, const char *value); /* SITE_OPTION_OWN; exit status */
    bool (*is_wanted)(const struct site_job *job, const struct snapshot_line *line);
    int (*compare)(const void *left, const void *right); /* two lines, as qsort has it */
    /* What the command line says. */
    struct site_input inputs[2];
    unsigned top;             /* at most so many lines; 0: not given */
    unsigned min_age_seconds; /* leaks */
    bool is_all;              /* diff */
    bool is_json, is_without_lines, is_help;
};

/** site_job_parse: take the command line.
 *  Shape: an exit status (verb.h); a complaint was written where it is not CLI_OK. */
int site_job_parse(struct site_job *job, int argc, char **argv);

/** site_job_run: read and print.  An exit status. */
int site_job_run(struct site_job *job);

/** site_print_help: what the help of both has in common: the end of the options, exit statuses. */
void site_print_help(void);

/** site_compare_numbers: more comes first. */
int site_compare_numbers(int64_t left, int64_t right);

/** site_compare_names: the order of what is otherwise equal, so that it is always the same. */
int site_compare_names(const struct snapshot_line *left, const struct snapshot_line *right);

#endif
