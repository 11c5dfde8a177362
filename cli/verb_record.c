/* SPDX-License-Identifier: MIT */
/* `mempool record`: a trace of a live program. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/message.h"
#include "cli/option.h"
#include "cli/record_job.h"
#include "cli/verb.h"
#include "replay/trace.h"

enum { RECORD_SECONDS = OPTION_LONG, RECORD_EVENTS, RECORD_WAIT, RECORD_FROM };

static const struct option long_options[] = {
    {"output", required_argument, NULL, 'o'},
    {"seconds", required_argument, NULL, RECORD_SECONDS},
    {"events", required_argument, NULL, RECORD_EVENTS},
    {"wait", required_argument, NULL, RECORD_WAIT},
    {"from", required_argument, NULL, RECORD_FROM},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

#define WAIT_SECONDS 10.0
#define SECONDS_MAX 1e7

static void print_help(void) {
    printf("Usage: mempool record -o FILE [OPTION...] [--] COMMAND [ARGUMENT...]\n"
           "       mempool record -o FILE [OPTION...] PID\n"
           "\n"
           "Writes a trace of every get, put, allocation and free of a program that uses the\n"
           "library: of COMMAND from its start, or of a process that runs, beginning with what\n"
           "is live. `mempool replay FILE` runs it.\n"
           "\n"
           "While it is recorded the program has no fast path: a get and its put take some 150 ns\n"
           "in place of 7. It goes on undisturbed when the recording ends, however that ends.\n"
           "To record a process takes the rights of a debugger, and the process must get or\n"
           "allocate something to hear the request.\n"
           "\n"
           "Options:\n"
           "  -o, --output=FILE  the trace; it has that name when it is whole\n"
           "  --seconds=S    end after S seconds; COMMAND goes on\n"
           "  --events=N     end after N events of the trace (default: %u)\n"
           "  --wait=S       how long PID may take to answer (default: %.0f)\n"
           "  --from=STREAM  neither COMMAND nor PID, but what is in a file written by\n"
           "                 mempool_record(3) or MEMPOOL_RECORD\n"
           "  -q, --quiet    say nothing where nothing is wrong\n"
           "  -h, --help     this text\n"
           "\n"
           "SIGINT and SIGTERM end the recording of PID, and are handed on to COMMAND.\n"
           "Exit status: COMMAND's, where it is not 0; 1 it could not be recorded or the trace\n"
           "not be written, 2 wrong usage or a STREAM that is none, 126 COMMAND cannot be run,\n"
           "127 it was not found.\n",
           (unsigned)TRACE_EVENTS_MAX, WAIT_SECONDS);
}

static int take_seconds(const char *option, const char *text, double *ret) {
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || *end != '\0' || !(seconds > 0) || seconds > SECONDS_MAX) {
        complain(record_verb,
                 "%s takes a number of seconds above 0, not '%s' (see mempool record --help)",
                 option, text);
        return CLI_BAD_USAGE;
    }
    *ret = seconds;
    return CLI_OK;
}

static int take_events(struct record_job *job) {
    unsigned events;
    int status = option_number(record_verb, "--events", optarg, 1, (unsigned)TRACE_EVENTS_MAX,
                               &events);
    job->events_max = status == CLI_OK ? events : job->events_max;
    return status;
}

static int take_option(struct record_job *job, int option, char **argv) {
    switch (option) {
    case 'h': job->is_help = true; return CLI_OK;
    case 'q': job->is_quiet = true; return CLI_OK;
    case 'o': job->output = optarg; return CLI_OK;
    case RECORD_FROM: job->from = optarg; return CLI_OK;
    case RECORD_SECONDS: return take_seconds("--seconds", optarg, &job->seconds);
    case RECORD_WAIT: return take_seconds("--wait", optarg, &job->wait_seconds);
    case RECORD_EVENTS: return take_events(job);
    default: return option_unknown(record_verb, option, argv);
    }
}

static bool is_number(const char *text) {
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* What is to be recorded: one number is a process's, unless "--" is before it. */
static int take_arguments(struct record_job *job, int argc, char **argv) {
    int n = argc - optind;
    bool is_marked = optind > 1 && strcmp(argv[optind - 1], "--") == 0;
    bool is_command = is_marked || (n > 0 && !is_number(argv[optind]));
    if (job->output == NULL) {
        complain(record_verb, "where to? -o FILE is needed (see mempool record --help)");
        return CLI_BAD_USAGE;
    }
    if (job->from != NULL ? n > 0 : n < 1 || (n > 1 && !is_command)) {
        complain(record_verb, "what? It takes either COMMAND, or PID, or --from=STREAM (see "
                 "mempool record --help)");
        return CLI_BAD_USAGE;
    }
    if (is_command) {
        job->command = argv + optind;
    } else if (n == 1) {
        unsigned pid;
        int status = option_number(record_verb, "PID", argv[optind], 1, 1u << 30, &pid);
        if (status != CLI_OK) {
            return status;
        }
        job->pid = pid;
    }
    return CLI_OK;
}

static int parse(struct record_job *job, int argc, char **argv) {
    int option;
    opterr = 0;
    optind = 0;
    /* "+": options behind COMMAND are its own. */
    while ((option = getopt_long(argc, argv, "+:o:qh", long_options, NULL)) != -1) {
        int status = take_option(job, option, argv);
        if (status != CLI_OK || job->is_help) {
            return status;
        }
    }
    return take_arguments(job, argc, argv);
}

static int convert(struct record_job *job) {
    struct record_source source = {.job = job};
    source.fd = open(job->from, O_RDONLY | O_CLOEXEC);
    if (source.fd < 0) {
        complain(record_verb, "%s: cannot open: %s", job->from, strerror(errno));
        return CLI_BAD_USAGE;
    }
    int status = record_read_all(&source);
    close(source.fd);
    if (status == CLI_OK && !recording_sums(job->recording)->is_begun) {
        complain(record_verb, "%s: is empty", job->from);
        status = CLI_BAD_USAGE;
    }
    return status == CLI_OK ? record_save(job) : status;
}

int verb_record(int argc, char **argv) {
    struct record_job job = {.events_max = TRACE_EVENTS_MAX, .wait_seconds = WAIT_SECONDS};
    int status = parse(&job, argc, argv);
    if (status != CLI_OK) {
        return status;
    }
    if (job.is_help) {
        print_help();
        return finish_output(record_verb);
    }
    int result = recording_new(&job.recording, job.output, job.events_max);
    if (result != 0) {
        complain(record_verb, "%s: cannot write: %s", job.output, strerror(-result));
        return CLI_FAILED;
    }
    status = job.from != NULL      ? convert(&job)
             : job.command != NULL ? record_run(&job)
                                   : record_attach(&job);
    recording_free(job.recording);
    return status;
}
