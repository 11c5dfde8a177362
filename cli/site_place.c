/* SPDX-License-Identifier: MIT */
/* Where something was got, as text for people. */
#include "cli/site_place.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/message.h"
#include "cli/verb.h"

void site_place(struct source_reader *sources, const struct snapshot_line *line, char *ret,
                size_t bytes) {
    struct source source = {.n_frames = 0};
    if (sources) {
        source_find(sources, line, &source);
    }
    if (source.n_frames == 0 && source.symbol) {
        snprintf(ret, bytes, "%s+0x%" PRIx64, source.symbol, source.symbol_offset);
    } else if (source.n_frames == 0) {
        snprintf(ret, bytes, "%s", line->site);
    }
    size_t length = 0;
    for (size_t i = 0; i < source.n_frames && length < bytes; i++) {
        const struct source_frame *frame = &source.frames[i];
        const char *function = frame->function ? frame->function : source.symbol;
        int n = snprintf(ret + length, bytes - length, "%s%s (%s:%u)", i > 0 ? " in " : "",
                         function ? function : "?", frame->file, frame->line);
        length += n > 0 ? (size_t)n : 0;
    }
}

int site_sources_open(const char *verb, bool is_without, struct source_reader **ret) {
    struct source_reader *reader = NULL;
    if (!is_without && source_is_supported()) {
        reader = source_open(verb);
        if (!reader) {
            complain(verb, "%s", strerror(errno));
            return CLI_FAILED;
        }
    }
    *ret = reader;
    return CLI_OK;
}
