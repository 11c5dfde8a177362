/* SPDX-License-Identifier: MIT */
/* `mempool export`: a process's snapshot in a format of others. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/message.h"
#include "cli/target.h"
#include "cli/verb.h"
#include "cli/whole_file.h"
#include "export/export.h"

static const char verb[] = "export";

enum {
    OPTION_FORMAT = OPTION_LONG,
    WANT_SITES = SNAPSHOT_WANT_GROUPS | SNAPSHOT_WANT_STACKS,
};

static const struct option long_options[] = {
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"output", required_argument, NULL, 'o'},
    TARGET_LONG_OPTIONS,
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct format {
    const char *name;
    unsigned want, target_want;
    bool is_binary;
    void (*write)(const struct snapshot *snapshot, struct export_output *output);
};

static void write_openmetrics(const struct snapshot *snapshot, struct export_output *output) {
    export_openmetrics(&snapshot, 1, output);
}

static const struct format formats[] = {
    {"json", WANT_SITES, TARGET_WANT_SYMBOLS | TARGET_WANT_LEDGER, false, export_json},
    {"openmetrics", 0, TARGET_WANT_LEDGER, false, write_openmetrics},
    {"pprof", WANT_SITES, TARGET_WANT_SYMBOLS, true, export_pprof},
    {"folded", WANT_SITES, TARGET_WANT_SYMBOLS, false, export_folded},
    {"heapprofile", WANT_SITES, TARGET_WANT_SYMBOLS, false, export_heapprofile},
    {"statedump", 0, TARGET_WANT_LEDGER, false, export_statedump},
};
enum { N_FORMATS = sizeof(formats) / sizeof(formats[0]) };

struct export_job {
    struct target target;
    bool is_help;
    const struct format *format;
    const char *path; /* NULL: standard output */
};

static void print_help(void) {
    printf("Usage: mempool export [OPTION...] [PID]\n"
           "\n"
           "Writes what is known of a process's pools, accounts and call sites in a format that\n"
           "other programs read. Nothing is asked of the process, and it may hang. There is no\n"
           "PID where --core or --snapshot names a file.\n"
           "\n"
           "Options:\n"
           "  --format=NAME  json: all of it, as `mempool snapshot` (default)\n"
           "                 openmetrics: counters, for Prometheus and its kin\n"
           "                 pprof: live bytes and objects by call site or sampled stack, for\n"
           "                 pprof (profile.proto, compressed)\n"
           "                 folded: the same as lines, for flame graphs\n"
           "                 heapprofile: the same as text, for google-pprof\n"
           "                 statedump: with GlusterFS's keys, as `mempool dump`\n");
    printf("  --core=FILE    of a core file\n"
           "  --snapshot=FILE\n"
           "                 of a snapshot that was saved as JSON\n"
           "  -o, --output=FILE\n"
           "                 into a file, which is whole or not there (default: standard output)\n"
           "  -h, --help     print this\n"
           "\n"
           "Exit status: 0 done; 1 it failed while running: there is no such process, or it does\n"
           "not use the library, or may not be looked at, or the file cannot be written; 2 bad\n"
           "options, or a bad file.\n");
}

static int take_format(struct export_job *job, const char *name) {
    for (size_t i = 0; i < N_FORMATS; i++) {
        if (strcmp(formats[i].name, name) == 0) {
            job->format = &formats[i];
            return CLI_OK;
        }
    }
    return option_refuse(verb, "unknown format", name);
}

static int take_option(struct export_job *job, int option, char **argv) {
    switch (option) {
    case 'h':
        job->is_help = true;
        return CLI_OK;
    case 'o':
        job->path = optarg;
        return CLI_OK;
    case OPTION_FORMAT:
        return take_format(job, optarg);
    case TARGET_OPTION_CORE:
    case TARGET_OPTION_SNAPSHOT:
        return target_option(&job->target, option, optarg);
    default:
        return option_unknown(verb, option, argv);
    }
}

static int parse(struct export_job *job, int argc, char **argv) {
    int option, status = CLI_OK;
    opterr = 0;
    optind = 1;
    while (status == CLI_OK && !job->is_help &&
           (option = getopt_long(argc, argv, ":ho:", long_options, NULL)) != -1) {
        status = take_option(job, option, argv);
    }
    if (status != CLI_OK || job->is_help) {
        return status;
    }
    status = target_argument(&job->target, argc, argv);
    if (status == CLI_OK && optind < argc) {
        status = option_refuse(verb, "unexpected", argv[optind]);
    }
    return status;
}

/* What would only upset a terminal. */
static bool is_for_terminal(const struct export_job *job) {
    return job->format->is_binary && !job->path && isatty(STDOUT_FILENO);
}

/* Without call sites a profile would be empty, and say nothing of why. */
static bool lacks_sites(const struct export_job *job, const struct snapshot *snapshot) {
    return job->format->target_want == TARGET_WANT_SYMBOLS && !snapshot->has_groups &&
           !snapshot->has_stacks;
}

static int take_and_write(struct export_job *job) {
    const struct snapshot_options options = {.want = job->format->want};
    struct snapshot *snapshot;
    int status = target_open(&job->target);
    if (status == CLI_OK) {
        status = target_take(&job->target, &options, job->format->target_want, &snapshot);
    }
    if (status != CLI_OK) {
        return status;
    }
    if (lacks_sites(job, snapshot)) {
        complain(verb, "%s: call sites are not known", target_name(&job->target));
        status = job->target.file ? CLI_BAD_USAGE : CLI_FAILED;
    } else {
        status = whole_file_write(verb, job->path, snapshot, job->format->write);
    }
    snapshot_free(snapshot);
    return status;
}

int verb_export(int argc, char **argv) {
    struct export_job job = {.target = {.verb = verb}, .format = &formats[0]};
    int status = parse(&job, argc, argv);
    if (status != CLI_OK) {
        return status;
    }
    if (job.is_help) {
        print_help();
        return finish_output(verb);
    }
    if (is_for_terminal(&job)) {
        complain(verb, "--format=%s is not for a terminal: give --output=FILE",
                 job.format->name);
        return CLI_BAD_USAGE;
    }
    status = take_and_write(&job);
    target_close(&job.target);
    return status;
}
