/* SPDX-License-Identifier: MIT */
/* A line on the terminal that says how far the work is. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>

struct progress {
    bool is_on;
};

/** progress_init: off where is_quiet, or where standard error is not a terminal. */
void progress_init(struct progress *progress, bool is_quiet);

/** progress_show: replace the line. */
void progress_show(const struct progress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** progress_clear: take the line away. */
void progress_clear(const struct progress *progress);

#endif
