/* SPDX-License-Identifier: MIT */
/* What `mempool leaks` and `mempool diff` have in common. */
#include "cli/site_job.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/message.h"
#include "cli/site_report.h"
#include "cli/verb.h"

void site_print_help(void) {
    printf("  --json         print JSON in place of a table; without --top, all lines\n"
           "  --no-lines     do not look for lines of the source: functions and offsets only%s\n"
           "  -h, --help     print this\n"
           "\n"
           "Exit status: 0 done; 1 it failed while running; 2 bad options, or a file that cannot\n"
           "be read or is no snapshot.\n",
           source_is_supported()
               ? ""
               : ";\n                 always so in this build, which was made without elfutils");
}

int site_compare_numbers(int64_t left, int64_t right) {
    return (left < right) - (left > right);
}

int site_compare_names(const struct snapshot_line *left, const struct snapshot_line *right) {
    int order = strcmp(left->what, right->what);
    order = order ? order : strcmp(left->site, right->site);
    return order ? order : strcmp(left->image ? left->image : "", right->image ? right->image : "");
}

static int take_paths(struct site_job *job, int argc, char **argv) {
    unsigned n = job->n_snapshots, n_given = (unsigned)(argc - optind);
    if (n_given < n) {
        bool is_none = n_given == 0 && n == 2;
        complain(job->verb, "no %s%s%s given (see mempool %s --help)", job->names[n_given],
                 is_none ? " and " : "", is_none ? job->names[1] : "", job->verb);
        return CLI_BAD_USAGE;
    }
    if (n_given > n) {
        return option_refuse(job->verb,
                             n == 1 ? "one snapshot at a time; unexpected"
                                    : "two snapshots at a time; unexpected",
                             argv[optind + (int)n]);
    }
    for (unsigned i = 0; i < n; i++) {
        job->paths[i] = argv[optind + (int)i];
    }
    return CLI_OK;
}

static int take_option(struct site_job *job, int option, char **argv) {
    switch (option) {
    case SITE_OPTION_TOP:
        return option_number(job->verb, "--top", optarg, 1, SITE_TOP_MAX, &job->top);
    case SITE_OPTION_JSON:
        job->is_json = true;
        if (!site_report_has_json()) {
            complain(job->verb, "--json: this build has no JSON (it was made without jansson)");
            return CLI_BAD_USAGE;
        }
        return CLI_OK;
    case SITE_OPTION_NO_LINES:
        job->is_without_lines = true;
        return CLI_OK;
    case SITE_OPTION_OWN:
        return job->take_own(job, optarg);
    default:
        return option_unknown(job->verb, option, argv);
    }
}

int site_job_parse(struct site_job *job, int argc, char **argv) {
    int option;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":h", job->long_options, NULL)) != -1) {
        if (option == 'h') {
            job->is_help = true;
            return CLI_OK;
        }
        int status = take_option(job, option, argv);
        if (status != CLI_OK) {
            return status;
        }
    }
    return take_paths(job, argc, argv);
}

static void add_to_total(struct snapshot_line *total, const struct snapshot_line *line) {
    for (int side = 0; side < 2; side++) {
        total->bytes[side] += line->bytes[side];
        total->count[side] += line->count[side];
        if (line->oldest_seconds[side] > total->oldest_seconds[side]) {
            total->oldest_seconds[side] = line->oldest_seconds[side];
        }
    }
}

/* The wanted lines to the front, in order. */
static void rank(const struct site_job *job, struct snapshot_set *set, struct site_report *report) {
    for (size_t i = 0; i < set->n_lines; i++) {
        add_to_total(&report->total, &set->lines[i]);
        if (job->is_wanted(job, &set->lines[i])) {
            set->lines[report->n_lines++] = set->lines[i];
        }
    }
    qsort(set->lines, report->n_lines, sizeof(*set->lines), job->compare);
    size_t most = job->top ? job->top : job->is_json || job->is_all ? SIZE_MAX : SITE_TOP_DEFAULT;
    report->lines = set->lines;
    report->n_shown = report->n_lines < most ? report->n_lines : most;
}

static int print(const struct site_job *job, struct site_report *report) {
    if (!job->is_without_lines && source_is_supported()) {
        report->sources = source_open(job->verb);
        if (!report->sources) {
            complain(job->verb, "%s", strerror(errno));
            return CLI_FAILED;
        }
    }
    int result =
        job->is_json ? site_report_json(report, stdout) : site_report_table(report, stdout);
    source_close(report->sources);
    int status = finish_output(job->verb);
    if (status == CLI_OK && result != 0) {
        complain(job->verb, "%s", strerror(-result));
        status = CLI_FAILED;
    }
    return status;
}

int site_job_run(const struct site_job *job) {
    struct snapshot_set set = {.verb = job->verb};
    struct site_report report = {
        .n_snapshots = job->n_snapshots,
        .paths = {job->paths[0], job->paths[1]},
    };
    int status = CLI_OK;
    for (unsigned side = 0; side < job->n_snapshots && status == CLI_OK; side++) {
        status = snapshot_read(&set, job->paths[side], side);
    }
    if (status == CLI_OK) {
        rank(job, &set, &report);
        status = print(job, &report);
    }
    snapshot_release(&set);
    return status;
}
