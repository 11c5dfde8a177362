/* SPDX-License-Identifier: MIT */
/* `mempool dump`: a statedump of a process, without asking it. */
#include <stdio.h>

#include "cli/verb.h"
#include "cli/view_job.h"
#include "cli/whole_file.h"
#include "export/export.h"

static const char verb[] = "dump";

static const struct option long_options[] = {
    {"output", required_argument, NULL, 'o'},
    TARGET_LONG_OPTIONS,
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct dump_job {
    struct view_job view;
    const char *path;
};

static void print_help(void) {
    printf("Usage: mempool dump [OPTION...] PID\n"
           "\n"
           "Writes a statedump of a process with GlusterFS's keys, as mempool_statedump(3) writes\n"
           "it in the process; nothing is asked of that, and it may hang.\n"
           "\n"
           "Options:\n");
    view_print_target_help();
    printf("  -o, --output=FILE\n"
           "                 into a file, which is whole or not there (default: standard output)\n"
           "  -h, --help     print this\n"
           "\n"
           "Exit status: 0 done; 1 it failed while running: there is no such process, or it does\n"
           "not use the library, or may not be looked at, or the file cannot be written; 2 bad\n"
           "options, or a bad file. As JSON: `mempool snapshot`.\n");
}

static int take_own(struct view_job *job, int option, const char *value) {
    (void)option;
    ((struct dump_job *)job)->path = value;
    return CLI_OK;
}

static int use(const struct view_job *job, const struct snapshot *snapshot) {
    const struct dump_job *own = (const struct dump_job *)job;
    return whole_file_write(verb, own->path, snapshot, export_statedump);
}

int verb_dump(int argc, char **argv) {
    struct dump_job job = {
        .view = {.verb = verb,
                 .long_options = long_options,
                 .letters = ":ho:",
                 .take_own = take_own,
                 .target_want = TARGET_WANT_LEDGER,
                 .print_help = print_help,
                 .use = use},
    };
    return view_job_run(&job.view, argc, argv);
}
