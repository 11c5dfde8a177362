/* SPDX-License-Identifier: MIT */
/* `mempool replay`: a recorded trace through our pools and others. */
#include <string.h>

#include "cli/message.h"
#include "cli/replay_report.h"
#include "cli/verb.h"

static const char verb[] = "replay";

static int report(const struct replay_job *job) {
    int result =
        job->arguments->is_json ? replay_report_json(job, stdout) : replay_report_text(job, stdout);
    int flushed = finish_output(verb);
    if (flushed == CLI_OK && result != 0) {
        complain(verb, "cannot write the results: %s", strerror(-result));
        return CLI_FAILED;
    }
    return flushed;
}

static int run(const struct replay_arguments *arguments) {
    struct replay_job job;
    struct progress progress;
    progress_init(&progress, arguments->is_quiet);
    int status = replay_job_run(&job, arguments, &progress);
    if (status == CLI_OK) {
        status = report(&job);
    }
    replay_job_release(&job);
    return status;
}

int verb_replay(int argc, char **argv) {
    struct replay_arguments arguments;
    switch (replay_arguments_parse(&arguments, argc, argv)) {
    case REPLAY_ARGUMENTS_HELPED:
        return finish_output(verb);
    case REPLAY_ARGUMENTS_BAD:
        return CLI_BAD_USAGE;
    default:
        break;
    }
    return run(&arguments);
}
