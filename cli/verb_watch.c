/* SPDX-License-Identifier: MIT */
/* `mempool watch`: snapshots of a process, every so often. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/amount.h"
#include "cli/message.h"
#include "cli/verb.h"
#include "cli/view_job.h"
#include "cli/watch.h"

static const char verb[] = "watch";

enum {
    OPTION_EVERY = VIEW_OPTION_OWN,
    OPTION_COUNT,
    OPTION_KEEP,
    COUNT_MAX = 1000000,
    EVERY_DEFAULT_MS = 10000,
    EVERY_MIN_MS = 10,
};
#define EVERY_MAX_MS (UINT64_C(366) * 86400 * 1000)

static const struct option long_options[] = {
    {"every", required_argument, NULL, OPTION_EVERY},
    {"count", required_argument, NULL, OPTION_COUNT},
    {"keep", required_argument, NULL, OPTION_KEEP},
    {"output", required_argument, NULL, 'o'},
    {"json", no_argument, NULL, VIEW_OPTION_JSON},
    {"bytes", no_argument, NULL, VIEW_OPTION_BYTES},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct watch_job {
    struct view_job view;
    struct watch_arguments arguments;
};

static void print_help(void) {
    printf("Usage: mempool watch [OPTION...] -o DIRECTORY PID\n"
           "\n"
           "Takes a snapshot of a process at once and then every 10 seconds, as\n"
           "`mempool snapshot` does, into files NAME.PID.SECONDS.json, and prints a line about\n"
           "each: what is live, its growth since the last one and since the start, and the call\n"
           "site that grew most. It ends when the process ends, or at SIGINT, SIGTERM or SIGHUP.\n"
           "\n"
           "Options:\n"
           "  -o, --output=DIRECTORY\n"
           "                 where the files go; made where it is missing (needed)\n"
           "  --every=TIME   between two snapshots: 500ms, 10s, 2m, 1h (default: 10s); names of\n"
           "                 files have milliseconds, too, where it is less than 2 seconds\n"
           "  --count=N      end after N snapshots\n"
           "  --keep=N       remove what this run wrote but for the last N files\n"
           "  --json         lines of JSON\n"
           "  --bytes        sizes in bytes, and not in KiB, MiB or GiB\n"
           "  -h, --help     print this\n"
           "\n"
           "Exit status: 0 done, also when the process has ended; 1 it failed while running:\n"
           "there is no such process, or it does not use the library, or may not be looked at, or\n"
           "a file could not be written (it goes on with the next); 2 bad options.\n");
}

static int take_own(struct view_job *job, int option, const char *value) {
    struct watch_arguments *arguments = &((struct watch_job *)job)->arguments;
    switch (option) {
    case OPTION_EVERY:
        return amount_parse_time(verb, "--every", value, EVERY_MIN_MS, EVERY_MAX_MS,
                                 &arguments->every_ms);
    case OPTION_COUNT:
        return option_number(verb, "--count", value, 1, COUNT_MAX, &arguments->count);
    case OPTION_KEEP:
        return option_number(verb, "--keep", value, 1, COUNT_MAX, &arguments->keep);
    default:
        arguments->folder = value;
        return CLI_OK;
    }
}

static int make_folder(const char *folder) {
    struct stat status;
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        complain(verb, "%s: cannot make it: %s", folder, strerror(errno));
        return CLI_FAILED;
    }
    if (stat(folder, &status) != 0 || !S_ISDIR(status.st_mode)) {
        complain(verb, "%s: is no directory", folder);
        return CLI_BAD_USAGE;
    }
    return CLI_OK;
}

int verb_watch(int argc, char **argv) {
    struct watch_job job = {
        .view = {.verb = verb,
                 .long_options = long_options,
                 .letters = ":ho:",
                 .take_own = take_own},
        .arguments = {.verb = verb, .every_ms = EVERY_DEFAULT_MS},
    };
    int status = view_job_parse(&job.view, argc, argv);
    if (status != CLI_OK) {
        return status;
    }
    if (job.view.is_help) {
        print_help();
        return finish_output(verb);
    }
    if (!job.arguments.folder) {
        complain(verb, "no directory given: -o DIRECTORY (see mempool watch --help)");
        return CLI_BAD_USAGE;
    }
    job.arguments.is_json = job.view.is_json;
    job.arguments.is_exact = job.view.is_exact;
    status = target_open(&job.view.target);
    if (status == CLI_OK) {
        status = make_folder(job.arguments.folder);
    }
    if (status == CLI_OK) {
        status = watch_run(&job.arguments, &job.view.target);
    }
    target_close(&job.view.target);
    return status;
}
