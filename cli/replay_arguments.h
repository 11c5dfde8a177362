/* SPDX-License-Identifier: MIT */
/* The command line of `mempool replay`. */
#ifndef CLI_REPLAY_ARGUMENTS_H
#define CLI_REPLAY_ARGUMENTS_H

#include <stdbool.h>

#include "replay/contenders.h"

enum {
    REPLAY_CONTENDERS_MAX = 4,
    REPLAY_ROUNDS_MAX = 1000,
    REPLAY_ROUNDS_DEFAULT = 7,
};

struct replay_arguments {
    const char *path;
    const struct replay_contender *contenders[REPLAY_CONTENDERS_MAX]; /* ours first */
    unsigned n_contenders;
    unsigned workers;
    unsigned rounds;
    bool is_json;
    bool is_quiet; /* no progress */
};

/* What to do after the command line was read. */
enum replay_arguments_verdict {
    REPLAY_ARGUMENTS_RUN,
    REPLAY_ARGUMENTS_HELPED, /* help was asked for and written */
    REPLAY_ARGUMENTS_BAD,    /* a complaint was written */
};

/** replay_arguments_parse: read argv (argv[0] is "replay"). */
enum replay_arguments_verdict replay_arguments_parse(struct replay_arguments *arguments, int argc,
                                                     char **argv);

#endif
