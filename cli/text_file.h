/* SPDX-License-Identifier: MIT */
/* A whole file in memory. */
#ifndef CLI_TEXT_FILE_H
#define CLI_TEXT_FILE_H

#include <stddef.h>

#include "replay/memory.h"

/* Set the first four. */
struct text_file {
    const char *verb; /* who complains */
    const char *path;
    const char *kind; /* "a snapshot": what it should be */
    size_t max_bytes;
    /* what text_file_read fills */
    char *text; /* a NUL is behind it */
    size_t n_bytes;
};

/** text_file_read: read a regular file that is not empty, into `memory`.
 *  Shape: an exit status (verb.h); a complaint was written where it is not CLI_OK. */
int text_file_read(struct text_file *file, struct replay_memory *memory);

#endif
