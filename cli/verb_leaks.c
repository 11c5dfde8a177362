/* SPDX-License-Identifier: MIT */
/* `mempool leaks`: what is live in one snapshot, and who got it. */
#include <stdio.h>

#include "cli/message.h"
#include "cli/site_job.h"
#include "cli/verb.h"

static const char verb[] = "leaks";

enum {
    AGE_MAX = 1 << 20, /* seconds: the age that a record can have at most */
};

static const struct option long_options[] = {
    {"top", required_argument, NULL, SITE_OPTION_TOP},
    {"min-age", required_argument, NULL, SITE_OPTION_OWN},
    {"json", no_argument, NULL, SITE_OPTION_JSON},
    {"no-lines", no_argument, NULL, SITE_OPTION_NO_LINES},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void print_help(void) {
    printf("Usage: mempool leaks [OPTION...] SNAPSHOT\n"
           "\n"
           "Prints what is live in a snapshot of a process's memory: types and call sites, most\n"
           "bytes first, and a line of totals.\n"
           "\n"
           "SNAPSHOT is a file that mempool_snapshot(3) wrote.\n"
           "\n"
           "Options:\n"
           "  --top=N        at most N lines (default: %d)\n"
           "  --min-age=S    only lines whose oldest object or block is at least S seconds old\n",
           SITE_TOP_DEFAULT);
    site_print_help();
}

static int take_min_age(struct site_job *job, const char *value) {
    return option_number(verb, "--min-age", value, 0, AGE_MAX, &job->min_age_seconds);
}

static bool is_wanted(const struct site_job *job, const struct snapshot_line *line) {
    return line->oldest_seconds[0] >= job->min_age_seconds;
}

/* Most bytes first. */
static int compare(const void *left, const void *right) {
    const struct snapshot_line *a = left, *b = right;
    int order = site_compare_numbers((int64_t)a->bytes[0], (int64_t)b->bytes[0]);
    order = order ? order : site_compare_numbers((int64_t)a->count[0], (int64_t)b->count[0]);
    return order ? order : site_compare_names(a, b);
}

int verb_leaks(int argc, char **argv) {
    struct site_job job = {
        .verb = verb,
        .n_snapshots = 1,
        .names = {"SNAPSHOT"},
        .long_options = long_options,
        .take_own = take_min_age,
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
