/* SPDX-License-Identifier: MIT */
/* A page as a file that is whole, or not there. */
#ifndef CLI_PAGE_FILE_H
#define CLI_PAGE_FILE_H

#include <stdio.h>

/** page_file_write: what `write` writes, as the file `path`, under another name first; "-": to
 *  standard output.
 *  Shape: an exit status; a complaint where it is not CLI_OK. `write` returns 0 or a negative
 *  errno, and leaves errors of the stream in it. */
int page_file_write(const char *verb, const char *path, int (*write)(const void *arg, FILE *stream),
                    const void *arg);

#endif
