/* SPDX-License-Identifier: MIT */
/* `mempool serve`: this machine's processes, for a Prometheus to ask about. */
#include <getopt.h>
#include <stdio.h>

#include "cli/message.h"
#include "cli/option.h"
#include "cli/serve.h"
#include "cli/verb.h"

static const char verb[] = "serve";

enum {
    SERVE_LISTEN = OPTION_LONG,
    SERVE_ALLOW_REMOTE,
    SERVE_ONCE,
    SERVE_NO_LEDGER,
};

static const struct option long_options[] = {
    {"listen", required_argument, NULL, SERVE_LISTEN},
    {"allow-remote", no_argument, NULL, SERVE_ALLOW_REMOTE},
    {"no-ledger", no_argument, NULL, SERVE_NO_LEDGER},
    {"once", no_argument, NULL, SERVE_ONCE},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void print_help(void) {
    printf("Usage: mempool serve [OPTION...]\n"
           "\n"
           "Answers HTTP requests about the processes of this machine that use the library and\n"
           "that we may look at. Nothing is asked of them.\n"
           "\n"
           "  /metrics       counters of all of them, as OpenMetrics: for Prometheus and its kin\n"
           "  /snapshot/PID  all that is known of one, as JSON\n"
           "  /              a list of them\n"
           "\n"
           "Prints its address, and ends well at SIGINT and SIGTERM.%s\n"
           "\n"
           "Options:\n"
           "  --listen=ADDRESS:PORT\n"
           "                 where (needed): a number, as 127.0.0.1:PORT or [::1]:PORT, or\n"
           "                 localhost:PORT; port 0: any that is free\n"
           "  --allow-remote an address that others than this machine reach, and any Host\n"
           "  --no-ledger    /metrics and snapshots without what is resident, for which the\n"
           "                 system walks through each process's page tables\n"
           "  --once         end after the first answer\n"
           "  -h, --help     print this\n"
           "\n"
           "Exit status: 0 done; 1 it failed while running: the address is in use, say; 2 bad\n"
           "options.\n",
           serve_is_supported() ? ""
                                : "\nNot in this build, which was made without libmicrohttpd.");
}

static int take_option(struct serve_job *job, int option, char **argv) {
    switch (option) {
    case SERVE_LISTEN: job->listen = optarg; return CLI_OK;
    case SERVE_ALLOW_REMOTE: job->is_remote_allowed = true; return CLI_OK;
    case SERVE_NO_LEDGER: job->is_without_ledger = true; return CLI_OK;
    case SERVE_ONCE: job->is_once = true; return CLI_OK;
    default: return option_unknown(verb, option, argv);
    }
}

int verb_serve(int argc, char **argv) {
    struct serve_job job = {.verb = verb};
    int option;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
        if (option == 'h') {
            print_help();
            return finish_output(verb);
        }
        int status = take_option(&job, option, argv);
        if (status != CLI_OK) {
            return status;
        }
    }
    if (optind < argc) {
        return option_refuse(verb, "unexpected", argv[optind]);
    }
    if (!job.listen) {
        complain(verb, "where? --listen=ADDRESS:PORT is missing (see mempool serve --help)");
        return CLI_BAD_USAGE;
    }
    return serve_run(&job);
}
