/* SPDX-License-Identifier: MIT */
/* What the verbs that look at one process have in common: the command line, and taking a snapshot.
 *
 * A verb's own job begins with this one. */
#ifndef CLI_VIEW_JOB_H
#define CLI_VIEW_JOB_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/target.h"

/* Numbers for getopt_long of options that several of them have. */
enum {
    VIEW_OPTION_JSON = TARGET_OPTION_SNAPSHOT + 100,
    VIEW_OPTION_BYTES,
    VIEW_OPTION_TOP,
    VIEW_OPTION_ALL,
    VIEW_OPTION_MIN_AGE,
    VIEW_OPTION_NO_LINES,
    VIEW_OPTION_OWN, /* the first of those that only one verb has */
};
/* clang-format off */
#define VIEW_LONG_OPTIONS                              \
    TARGET_LONG_OPTIONS,                               \
    {"json", no_argument, NULL, VIEW_OPTION_JSON},     \
    {"bytes", no_argument, NULL, VIEW_OPTION_BYTES},   \
    {"help", no_argument, NULL, 'h'}
/* clang-format on */

enum {
    VIEW_TOP_DEFAULT = 20,
    VIEW_TOP_MAX = 1000000,
};

struct view_job {
    /* What the verb is. */
    const char *verb;
    const struct option *long_options; /* ended by zeros */
    const char *letters;               /* of getopt_long, with a colon before; NULL: ":h" */
    bool needs_groups; /* without call sites there is nothing to show */
    unsigned want, target_want; /* of the snapshot, for view_job_run; options may change them */
    void (*print_help)(void);
    /* What the verb does with the snapshot: an exit status. */
    int (*use)(const struct view_job *job, const struct snapshot *snapshot);
    /* An option of the verb's own, by letter or number: an exit status. NULL: it has none. */
    int (*take_own)(struct view_job *job, int option, const char *value);
    /* What follows the options, from argv[optind] on. NULL: PID, or nothing behind a file. */
    int (*take_words)(struct view_job *job, int argc, char **argv);
    /* What the command line says. */
    struct target target;
    bool is_help, is_json, is_exact, is_all, is_without_lines;
    unsigned top; /* at most so many lines; 0: not given */
    unsigned min_age_seconds;
};

/** view_job_parse: take the command line.  An exit status. */
int view_job_parse(struct view_job *job, int argc, char **argv);

/** view_job_run: all of a verb that looks once: the command line, help, a snapshot, and its use.
 *  An exit status. */
int view_job_run(struct view_job *job, int argc, char **argv);

/** view_job_target: take the argument PID, where no option named a file.  An exit status. */
int view_job_target(struct view_job *job, int argc, char **argv);

/** view_job_has_file: whether an option named a core file or a snapshot. */
bool view_job_has_file(const struct view_job *job);

/** view_job_take: a snapshot; `want` and `target_want` as of snapshot_take and target_take. Where
 *  groups are wanted and not known, it fails.
 *  Shape: an exit status; *ret to be given back by snapshot_free. */
int view_job_take(struct view_job *job, unsigned want, unsigned target_want,
                  struct snapshot **ret);

/** view_job_most: how many lines of a table to show. */
size_t view_job_most(const struct view_job *job);

/** view_print_target_help: the options that name what is looked at. */
void view_print_target_help(void);

/** view_print_help_end: the options that all have, and exit statuses. */
void view_print_help_end(void);

#endif
