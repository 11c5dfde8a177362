/* SPDX-License-Identifier: MIT */
/* `mempool diff`: what grew from one snapshot to the next. */
#include <stdio.h>

#include "cli/message.h"
#include "cli/site_job.h"
#include "cli/site_report.h"
#include "cli/verb.h"

static const char verb[] = "diff";

static const struct option long_options[] = {
    {"top", required_argument, NULL, SITE_OPTION_TOP},
    {"all", no_argument, NULL, SITE_OPTION_OWN},
    {"json", no_argument, NULL, SITE_OPTION_JSON},
    {"no-lines", no_argument, NULL, SITE_OPTION_NO_LINES},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void print_help(void) {
    printf("Usage: mempool diff [OPTION...] BEFORE AFTER\n"
           "\n"
           "Prints what became more from one snapshot of a process's live memory to a later one:\n"
           "types and call sites, most bytes first, and a line of totals.\n"
           "\n"
           "BEFORE and AFTER are files that `mempool snapshot` or mempool_snapshot(3) wrote, of\n"
           "either kind each. Where both are of the first, the growth of pools and accounts\n"
           "follows.\n"
           "\n"
           "Options:\n"
           "  --top=N        at most N lines (default: %d; with --all: all)\n"
           "  --all          what became less, or has stayed as it was, too\n",
           SITE_TOP_DEFAULT);
    site_print_help();
}

static int take_all(struct site_job *job, const char *value) {
    (void)value;
    job->is_all = true;
    return CLI_OK;
}

static bool is_wanted(const struct site_job *job, const struct snapshot_line *line) {
    return job->is_all || site_growth(line->bytes) > 0 || site_growth(line->count) > 0;
}

/* Largest growth first. */
static int compare(const void *left, const void *right) {
    const struct snapshot_line *a = left, *b = right;
    int order = site_compare_numbers(site_growth(a->bytes), site_growth(b->bytes));
    order = order ? order : site_compare_numbers(site_growth(a->count), site_growth(b->count));
    return order ? order : site_compare_names(a, b);
}

int verb_diff(int argc, char **argv) {
    struct site_job job = {
        .verb = verb,
        .n_snapshots = 2,
        .names = {"BEFORE", "AFTER"},
        .long_options = long_options,
        .take_own = take_all,
        .is_wanted = is_wanted,
        .compare = compare,
    };
    int status = site_job_parse(&job, argc, argv);
    if (status != CLI_OK) {
        return status;
    }
    if (job.is_help) {
        print_help();
        return finish_output(verb);
    }
    return site_job_run(&job);
}
