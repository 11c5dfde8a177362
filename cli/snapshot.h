/* SPDX-License-Identifier: MIT */
/* Lines of what is live: reading what mempool_snapshot wrote, and adding what is alike up. */
#ifndef CLI_SNAPSHOT_H
#define CLI_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "replay/memory.h"

enum {
    SNAPSHOT_FILE_BYTES_MAX = 64 << 20, /* a census writes some 7000 lines of 200 bytes or so */
};

/* What one snapshot, or two, say of one type and call site. */
struct snapshot_line {
    const char *what, *site;
    const char *image;    /* the file that its code is from; NULL: not known */
    const char *build_id; /* of that file, in hexadecimal; NULL: it has none */
    uint64_t offset;      /* of the call site in that file; of the later snapshot that has it */
    uint64_t bytes[2], count[2], oldest_seconds[2]; /* in the first snapshot, and the second */
};

/* Zero-fill it, set verb, read one file or two, and release. */
struct snapshot_set {
    const char *verb;            /* who complains */
    bool is_by_offset;           /* sites are told apart by file and offset where those are known,
                                  * and not by name: for snapshots that name them differently */
    struct snapshot_line *lines; /* in the order in which they were first seen */
    size_t n_lines;
    uint32_t *places; /* own: an open hash table of lines' numbers, from 1; 0: nothing there */
    struct replay_memory memory;
};

/** snapshot_read: add a file's lines; side 0: the first or only one, 1: the second. Lines of one
 *  type and call site in the same file are one.
 *  Shape: an exit status (verb.h); a complaint was written where it is not CLI_OK. */
int snapshot_read(struct snapshot_set *set, const char *path, unsigned side);

/** snapshot_add: add one line, whose numbers are those of one side; its texts are not copied.
 *  Shape: NULL, or what is wrong. */
const char *snapshot_add(struct snapshot_set *set, const struct snapshot_line *line, unsigned side);

/** snapshot_is_text: whether a file begins as those of mempool_snapshot do, and not as JSON. What
 *  cannot be read does, too: snapshot_read says why. */
bool snapshot_is_text(const char *path);

/** snapshot_release: give all memory back. */
void snapshot_release(struct snapshot_set *set);

#endif
