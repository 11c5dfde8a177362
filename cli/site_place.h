/* SPDX-License-Identifier: MIT */
/* Where something was got, as text for people. */
#ifndef CLI_SITE_PLACE_H
#define CLI_SITE_PLACE_H

#include <stddef.h>

#include "cli/snapshot.h"
#include "cli/source.h"

enum {
    SITE_PLACE_BYTES = 4096, /* of some functions and paths; longer text is cut */
};

/** site_place: "function (file:line)", and behind it where that was inlined; or function and
 *  offset. sources NULL: without lines of the source. */
void site_place(struct source_reader *sources, const struct snapshot_line *line, char *ret,
                size_t bytes);

/** site_sources_open: an exit status; *ret NULL where there are no lines: in a build without, and
 *  where is_without. */
int site_sources_open(const char *verb, bool is_without, struct source_reader **ret);

#endif
