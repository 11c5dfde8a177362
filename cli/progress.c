/* SPDX-License-Identifier: MIT */
/* A line on the terminal that says how far the work is. */
#include "cli/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* To the start of the line, and clear what is there. */
static const char restart_line[] = "\r\033[K";

void progress_init(struct progress *progress, bool is_quiet) {
    const char *terminal = getenv("TERM");
    bool is_dumb = !terminal || strcmp(terminal, "dumb") == 0;
    progress->is_on = !is_quiet && !is_dumb && isatty(STDERR_FILENO);
}

void progress_show(const struct progress *progress, const char *format, ...) {
    if (!progress->is_on) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    fputs(restart_line, stderr);
    vfprintf(stderr, format, arguments);
    fflush(stderr);
    va_end(arguments);
}

void progress_clear(const struct progress *progress) {
    if (progress->is_on) {
        fputs(restart_line, stderr);
        fflush(stderr);
    }
}
