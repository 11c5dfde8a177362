/* SPDX-License-Identifier: MIT */
/* What `mempool leaks` and `mempool diff` have in common. */
#include "cli/site_job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/message.h"
#include "cli/site_place.h"
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

/* A process by its number, and else a file; nothing, where an option named one. */
static int take_word(struct site_job *job, struct site_input *input, char *word) {
    if (job->n_snapshots == 1 && site_input_is_pid(word)) {
        char *words[] = {word, NULL};
        optind = 0;
        return target_argument(&input->target, 1, words);
    }
    input->path = word;
    return CLI_OK;
}

static int take_words(struct site_job *job, int argc, char **argv) {
    unsigned n = job->n_snapshots, n_given = (unsigned)(argc - optind);
    bool has_option = job->inputs[0].target.core || job->inputs[0].target.file;
    if (has_option) {
        return target_argument(&job->inputs[0].target, argc, argv);
    }
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
    int status = CLI_OK;
    char **words = argv + optind;
    for (unsigned i = 0; i < n && status == CLI_OK; i++) {
        status = take_word(job, &job->inputs[i], words[i]);
    }
    return status;
}

static int take_option(struct site_job *job, int option, char **argv) {
    switch (option) {
    case SITE_OPTION_TOP:
        return option_number(job->verb, "--top", optarg, 1, SITE_TOP_MAX, &job->top);
    case SITE_OPTION_JSON:
        job->is_json = true;
        return CLI_OK;
    case SITE_OPTION_NO_LINES:
        job->is_without_lines = true;
        return CLI_OK;
    case SITE_OPTION_OWN:
        return job->take_own(job, optarg);
    case TARGET_OPTION_CORE:
    case TARGET_OPTION_SNAPSHOT:
        return target_option(&job->inputs[0].target, option, optarg);
    default:
        return option_unknown(job->verb, option, argv);
    }
}

int site_job_parse(struct site_job *job, int argc, char **argv) {
    int option;
    opterr = 0;
    optind = 1;
    job->inputs[0].target.verb = job->inputs[1].target.verb = job->verb;
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
    return take_words(job, argc, argv);
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
    if (report->n_lines > 0) {
        qsort(set->lines, report->n_lines, sizeof(*set->lines), job->compare);
    }
    size_t most = job->top ? job->top : job->is_json || job->is_all ? SIZE_MAX : SITE_TOP_DEFAULT;
    report->lines = set->lines;
    report->n_shown = report->n_lines < most ? report->n_lines : most;
    report->most = most;
}

static int print(const struct site_job *job, struct site_report *report) {
    int status = site_sources_open(job->verb, job->is_without_lines, &report->sources);
    if (status != CLI_OK) {
        return status;
    }
    int result =
        job->is_json ? site_report_json(report, stdout) : site_report_table(report, stdout);
    source_close(report->sources);
    status = finish_output(job->verb);
    if (status == CLI_OK && result != 0) {
        complain(job->verb, "%s", strerror(-result));
        status = CLI_FAILED;
    }
    return status;
}

/* Call sites of the one and the other kind of file have different names where the library could not
 * see the symbols: they are the same by their place in the file. */
static bool is_of_two_kinds(const struct site_job *job) {
    return job->n_snapshots == 2 && !job->inputs[0].snapshot != !job->inputs[1].snapshot;
}

static int read_inputs(struct site_job *job, struct snapshot_set *set,
                       struct site_report *report) {
    const struct snapshot_options options = {
        .want = SNAPSHOT_WANT_GROUPS,
        .min_age_seconds = job->min_age_seconds,
    };
    int status = CLI_OK;
    for (unsigned side = 0; side < job->n_snapshots && status == CLI_OK; side++) {
        status = site_input_take(&job->inputs[side], &options);
    }
    set->is_by_offset = status == CLI_OK && is_of_two_kinds(job);
    for (unsigned side = 0; side < job->n_snapshots && status == CLI_OK; side++) {
        status = site_input_add(&job->inputs[side], set, side);
        report->paths[side] = site_input_name(&job->inputs[side]);
        report->snapshots[side] = job->inputs[side].snapshot;
    }
    return status;
}

int site_job_run(struct site_job *job) {
    struct snapshot_set set = {.verb = job->verb};
    struct site_report report = {.n_snapshots = job->n_snapshots, .is_all = job->is_all};
    int status = read_inputs(job, &set, &report);
    if (status == CLI_OK) {
        rank(job, &set, &report);
        status = print(job, &report);
    }
    snapshot_release(&set);
    for (unsigned side = 0; side < job->n_snapshots; side++) {
        site_input_release(&job->inputs[side]);
    }
    return status;
}
