/* SPDX-License-Identifier: MIT */
/* `mempool leaks`: what is live in one snapshot, and who got it. */
#include <stdio.h>

#include "cli/amount.h"
#include "cli/message.h"
#include "cli/site_job.h"
#include "cli/verb.h"

static const char verb[] = "leaks";

static const struct option long_options[] = {
    {"top", required_argument, NULL, SITE_OPTION_TOP},
    {"min-age", required_argument, NULL, SITE_OPTION_OWN},
    {"json", no_argument, NULL, SITE_OPTION_JSON},
    {"no-lines", no_argument, NULL, SITE_OPTION_NO_LINES},
    TARGET_LONG_OPTIONS,
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void print_help(void) {
    printf("Usage: mempool leaks [OPTION...] PID|SNAPSHOT\n"
           "\n"
           "Prints what is live in a process: types and call sites, most bytes first, and a line\n"
           "of totals.\n"
           "\n"
           "PID is that of a process. SNAPSHOT is a file that `mempool snapshot` or\n"
           "mempool_snapshot(3) wrote, and not a number: ./123 is the file 123.\n"
           "\n"
           "Options:\n"
           "  --core=FILE    of a core file, in the place of PID\n"
           "  --snapshot=FILE\n"
           "                 of a snapshot that `mempool snapshot` wrote, in the place of PID\n"
           "  --top=N        at most N lines (default: %d)\n"
           "  --min-age=TIME only what is at least so old: 90 (seconds), 10m, 2h; of a file only\n"
           "                 lines whose oldest object or block is\n",
           SITE_TOP_DEFAULT);
    site_print_help();
}

static int take_min_age(struct site_job *job, const char *value) {
    return amount_parse_age(verb, "--min-age", value, &job->min_age_seconds);
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
        .names = {"PID or SNAPSHOT"},
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
