/* SPDX-License-Identifier: MIT */
/* A snapshot of a process every so often, each a file, and a line about each. */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/target.h"

struct watch_arguments {
    const char *verb;
    const char *folder; /* that exists */
    uint64_t every_ms;
    unsigned count;     /* so many snapshots; 0: until it ends */
    unsigned keep;      /* at most so many files; 0: all */
    bool is_json, is_exact;
};

/** watch_run: until the process ends, so many snapshots were taken, or SIGINT, SIGTERM or SIGHUP
 *  comes.
 *  Shape: an exit status; CLI_FAILED also where a file could not be written, which ends nothing. */
int watch_run(const struct watch_arguments *arguments, struct target *target);

#endif
