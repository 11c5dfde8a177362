/* SPDX-License-Identifier: MIT */
/* Where call sites are read from: a process, a core file, or a saved snapshot of either kind, that
 * of mempool_snapshot or JSON. */
#ifndef CLI_SITE_INPUT_H
#define CLI_SITE_INPUT_H

#include <stdbool.h>

#include "cli/snapshot.h"
#include "cli/target.h"

/* Zero-fill it, and set target.verb and path, or target by its options. */
struct site_input {
    const char *path;          /* a file of either kind; NULL: see target */
    struct target target;
    struct snapshot *snapshot; /* own: all that is known; NULL: a file of mempool_snapshot */
};

/** site_input_is_pid: whether a word names a process, and not a file. */
bool site_input_is_pid(const char *word);

/** site_input_take: read all of it but the lines; options as of snapshot_take, of a process or core
 *  file.  An exit status. */
int site_input_take(struct site_input *input, const struct snapshot_options *options);

/** site_input_add: add the lines to a set, as its first or second side.  An exit status. */
int site_input_add(const struct site_input *input, struct snapshot_set *set, unsigned side);

/** site_input_name: what was read. */
const char *site_input_name(const struct site_input *input);

/** site_input_release: texts of the lines go with it. */
void site_input_release(struct site_input *input);

#endif
