/* SPDX-License-Identifier: MIT */
/* In place of source lines, in a build without elfutils. */
#include <errno.h>

#include "cli/source.h"

struct source_reader *source_open(const char *verb) {
    (void)verb;
    errno = ENOTSUP;
    return NULL;
}

void source_find(struct source_reader *reader, const struct snapshot_line *line,
                 struct source *ret) {
    (void)reader;
    (void)line;
    *ret = (struct source){.n_frames = 0};
}

void source_close(struct source_reader *reader) {
    (void)reader;
}

bool source_is_supported(void) {
    return false;
}
