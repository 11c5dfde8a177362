/* SPDX-License-Identifier: MIT */
/* `mempool snapshot`: all that is known of a process, as a file. */
#include <stdio.h>

#include "cli/verb.h"
#include "cli/view_job.h"
#include "cli/whole_file.h"
#include "export/export.h"

static const char verb[] = "snapshot";

enum {
    OPTION_NO_SITES = VIEW_OPTION_OWN,
    OPTION_OBJECTS,
};

static const struct option long_options[] = {
    {"output", required_argument, NULL, 'o'},
    {"no-sites", no_argument, NULL, OPTION_NO_SITES},
    {"objects", no_argument, NULL, OPTION_OBJECTS},
    TARGET_LONG_OPTIONS,
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct snapshot_job {
    struct view_job view;
    const char *path;
    bool is_without_sites, has_objects;
};

static void print_help(void) {
    printf("Usage: mempool snapshot [OPTION...] PID\n"
           "\n"
           "Writes all that is known of a process's pools and accounts at this moment, with its\n"
           "call sites, their ages and symbols, sampled call stacks, threads and the ledger, as\n"
           "JSON. The other verbs read it: --snapshot=FILE; `mempool diff` and `mempool ages`\n"
           "compare two. Nothing is asked of the process, and it may hang.\n"
           "\n"
           "Options:\n");
    view_print_target_help();
    printf("  -o, --output=FILE\n"
           "                 into a file, which is whole or not there (default: standard output)\n"
           "  --no-sites     without call sites and stacks, which takes a look at every object\n"
           "  --objects      with every single object, also those that were put: from that\n"
           "                 `mempool describe --snapshot=FILE ADDRESS` tells whose an address is\n"
           "  -h, --help     print this\n"
           "\n"
           "Exit status: 0 done; 1 it failed while running: there is no such process, or it does\n"
           "not use the library, or may not be looked at, or the file cannot be written; 2 bad\n"
           "options, or a bad file.\n");
}

static int take_own(struct view_job *job, int option, const char *value) {
    struct snapshot_job *own = (struct snapshot_job *)job;
    if (option == OPTION_NO_SITES) {
        own->is_without_sites = true;
    } else if (option == OPTION_OBJECTS) {
        own->has_objects = true;
    } else {
        own->path = value;
        return CLI_OK;
    }
    job->want = own->is_without_sites ? 0 : SNAPSHOT_WANT_GROUPS | SNAPSHOT_WANT_STACKS;
    job->want |= own->has_objects ? SNAPSHOT_WANT_OBJECTS : 0;
    job->target_want = TARGET_WANT_LEDGER | (job->want != 0 ? TARGET_WANT_SYMBOLS : 0);
    return CLI_OK;
}

static int use(const struct view_job *job, const struct snapshot *snapshot) {
    const struct snapshot_job *own = (const struct snapshot_job *)job;
    int status = own->has_objects ? target_need_objects(&job->target, snapshot) : CLI_OK;
    return status != CLI_OK ? status : whole_file_write(verb, own->path, snapshot, export_json);
}

int verb_snapshot(int argc, char **argv) {
    struct snapshot_job job = {
        .view = {.verb = verb,
                 .long_options = long_options,
                 .letters = ":ho:",
                 .take_own = take_own,
                 .want = SNAPSHOT_WANT_GROUPS | SNAPSHOT_WANT_STACKS,
                 .target_want = TARGET_WANT_LEDGER | TARGET_WANT_SYMBOLS,
                 .print_help = print_help,
                 .use = use},
    };
    return view_job_run(&job.view, argc, argv);
}
