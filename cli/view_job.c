/* SPDX-License-Identifier: MIT */
/* What the verbs that look at one process have in common. */
#include "cli/view_job.h"

#include <stdint.h>
#include <stdio.h>

#include "cli/amount.h"
#include "cli/message.h"
#include "cli/verb.h"

void view_print_target_help(void) {
    fputs("  --core=FILE    of a core file, in the place of PID\n"
          "  --snapshot=FILE\n"
          "                 of a snapshot that `mempool snapshot` wrote, in the place of PID\n",
          stdout);
}

void view_print_help_end(void) {
    fputs("  --json         print JSON in place of tables; without --top, all lines\n"
          "  --bytes        sizes in bytes, and not in KiB, MiB or GiB\n"
          "  -h, --help     print this\n"
          "\n"
          "Exit status: 0 done; 1 it failed while running: there is no such process, or it does\n"
          "not use the library, or may not be looked at; 2 bad options, or a bad file.\n",
          stdout);
}

bool view_job_has_file(const struct view_job *job) {
    return job->target.core || job->target.file;
}

static int take_option(struct view_job *job, int option, char **argv) {
    switch (option) {
    case TARGET_OPTION_CORE:
    case TARGET_OPTION_SNAPSHOT:
        return target_option(&job->target, option, optarg);
    case VIEW_OPTION_JSON:
        job->is_json = true;
        return CLI_OK;
    case VIEW_OPTION_BYTES:
        job->is_exact = true;
        return CLI_OK;
    case VIEW_OPTION_ALL:
        job->is_all = true;
        return CLI_OK;
    case VIEW_OPTION_NO_LINES:
        job->is_without_lines = true;
        return CLI_OK;
    case VIEW_OPTION_TOP:
        return option_number(job->verb, "--top", optarg, 1, VIEW_TOP_MAX, &job->top);
    case VIEW_OPTION_MIN_AGE:
        return amount_parse_age(job->verb, "--min-age", optarg, &job->min_age_seconds);
    case '?':
    case ':':
        return option_unknown(job->verb, option, argv);
    default:
        return job->take_own(job, option, optarg);
    }
}

int view_job_target(struct view_job *job, int argc, char **argv) {
    return view_job_has_file(job) ? CLI_OK : target_argument(&job->target, argc, argv);
}

int view_job_parse(struct view_job *job, int argc, char **argv) {
    int option;
    opterr = 0;
    optind = 1;
    job->target.verb = job->verb;
    const char *letters = job->letters ? job->letters : ":h";
    while ((option = getopt_long(argc, argv, letters, job->long_options, NULL)) != -1) {
        if (option == 'h') {
            job->is_help = true;
            return CLI_OK;
        }
        int status = take_option(job, option, argv);
        if (status != CLI_OK) {
            return status;
        }
    }
    int status = job->take_words ? job->take_words(job, argc, argv)
                                 : view_job_target(job, argc, argv);
    if (status == CLI_OK && optind < argc) {
        status = option_refuse(job->verb, "unexpected", argv[optind]);
    }
    return status;
}

int view_job_take(struct view_job *job, unsigned want, unsigned target_want,
                  struct snapshot **ret) {
    const struct snapshot_options options = {
        .want = want,
        .min_age_seconds = job->min_age_seconds,
    };
    struct snapshot *snapshot;
    int status = target_open(&job->target);
    if (status == CLI_OK) {
        status = target_take(&job->target, &options, target_want, &snapshot);
    }
    if (status != CLI_OK) {
        return status;
    }
    if (job->needs_groups && !snapshot->has_groups) {
        complain(job->verb, "%s: call sites are not known", target_name(&job->target));
        snapshot_free(snapshot);
        return job->target.file ? CLI_BAD_USAGE : CLI_FAILED;
    }
    *ret = snapshot;
    return CLI_OK;
}

int view_job_run(struct view_job *job, int argc, char **argv) {
    struct snapshot *snapshot;
    int status = view_job_parse(job, argc, argv);
    if (status != CLI_OK) {
        return status;
    }
    if (job->is_help) {
        job->print_help();
        return finish_output(job->verb);
    }
    status = view_job_take(job, job->want, job->target_want, &snapshot);
    if (status == CLI_OK) {
        status = job->use(job, snapshot);
        snapshot_free(snapshot);
    }
    target_close(&job->target);
    return status;
}

size_t view_job_most(const struct view_job *job) {
    return job->top ? job->top : job->is_json || job->is_all ? SIZE_MAX : VIEW_TOP_DEFAULT;
}
