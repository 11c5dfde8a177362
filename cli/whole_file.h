/* SPDX-License-Identifier: MIT */
/* A file that is whole, or not there: written under another name, and renamed. */
#ifndef CLI_WHOLE_FILE_H
#define CLI_WHOLE_FILE_H

#include <stdio.h>

#include "export/output.h"

struct snapshot;

/** whole_file_write: what `format` writes of a snapshot, as the file `path`; NULL or "-": to
 *  standard output. What is there already is replaced when all is written, never before, and stays
 *  where that fails; what is no regular file (a terminal, a pipe) is written into.
 *  Shape:   an exit status; a complaint where it is not CLI_OK.
 *  Threads: one. SIGINT, SIGTERM and SIGHUP wait until a regular file is done; SIGXFSZ, too, is an
 *           error. */
int whole_file_write(const char *verb, const char *path, const struct snapshot *snapshot,
                     void (*format)(const struct snapshot *snapshot,
                                    struct export_output *output));

/** whole_file_print: the same of what `print` prints; it returns 0 or a negative errno, and leaves
 *  errors of the stream in that. */
int whole_file_print(const char *verb, const char *path,
                     int (*print)(const void *arg, FILE *stream), const void *arg);

#endif
