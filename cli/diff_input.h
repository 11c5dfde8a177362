/* SPDX-License-Identifier: MIT */
/* Reading what mempool_snapshot wrote. */
#ifndef CLI_DIFF_INPUT_H
#define CLI_DIFF_INPUT_H

#include <stdint.h>

#include "replay/memory.h"

enum {
    DIFF_FILE_BYTES_MAX = 64 << 20, /* a census writes some 7000 lines: 5 MB at most */
};

/* Lines of one type and call site, of both snapshots. */
struct diff_line {
    const char *what, *site;
    uint64_t bytes[2], count[2]; /* before, after */
};

/* Zero-fill it, read both files, and release its memory. */
struct diff_input {
    struct replay_memory memory;
    struct diff_line *lines;
    size_t n_lines, n_places; /* an open hash table until diff_input_pack */
};

/** diff_input_read: add a file's lines; side 0: before, 1: after.
 *  Shape: an exit status (verb.h); a complaint was written where it is not CLI_OK. */
int diff_input_read(struct diff_input *input, const char *path, unsigned side);

/** diff_input_pack: the lines to the front of the table; nothing is read after it. */
void diff_input_pack(struct diff_input *input);

#endif
