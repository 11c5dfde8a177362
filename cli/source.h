/* SPDX-License-Identifier: MIT */
/* From a call site in a file on disk to the line of its source. */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/snapshot.h"

enum {
    SOURCE_FRAMES_MAX = 8,
};

/* A line that is in the call site's function: that of the call, or of one that was inlined. */
struct source_frame {
    const char *function; /* NULL: not known */
    const char *file;     /* as it was named to the compiler, or nearly so */
    const char *folder; /* that it was compiled in, for a file that is relative; NULL: not known */
    unsigned line;
};

/* What is known; texts live until source_close. */
struct source {
    struct source_frame frames[SOURCE_FRAMES_MAX]; /* innermost first */
    size_t n_frames;                               /* 0: no line is known */
    const char *symbol;     /* the function by the file's symbols; NULL: not known */
    uint64_t symbol_offset; /* of the call site, behind its start */
};

struct source_reader;

/** source_open: NULL with errno ENOMEM: no memory; ENOTSUP: this build has no lines (it was made
 *  without elfutils). `verb` complains of files that were changed or cannot be read, once each. */
struct source_reader *source_open(const char *verb);

/** source_find: what is known of a line's call site.
 *  Shape: ret is filled, with nothing where nothing is known.
 *  Cost:  the first of a file reads its debug information. */
void source_find(struct source_reader *reader, const struct snapshot_line *line,
                 struct source *ret);

/** source_close: give everything back; accepts NULL. */
void source_close(struct source_reader *reader);

/** source_is_supported: whether this build has lines. */
bool source_is_supported(void);

#endif
