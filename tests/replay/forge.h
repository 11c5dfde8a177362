/* SPDX-License-Identifier: MIT */
/* Makes traces for the tests, good and bad ones. */
#ifndef TESTS_REPLAY_FORGE_H
#define TESTS_REPLAY_FORGE_H

#include <stddef.h>
#include <stdint.h>

#include "replay/trace.h"

enum {
    FORGE_NO_POOL = 65535,
};

/* One event of a trace to be made. */
struct forge_event {
    uint8_t operation;
    uint16_t thread;
    uint16_t pool;
    uint32_t slot;
};

/* A text in memory from malloc. */
struct forge_text {
    char *bytes;
    size_t n;
};

/** forge_text: "mempool-trace 1", the lines of `header` (each ended by \n; may hold %u once, for
 *  the number of events), "end", and the columns op, thread, class, slot, dt of the events. */
struct forge_text forge_text(const char *header, const struct forge_event *events, size_t n);

/** forge_standard: the same, with a header of `threads` threads and the given lines of pools. */
struct forge_text forge_standard(unsigned threads, const char *pools,
                                 const struct forge_event *events, size_t n);

/** forge_compress: a text compressed with zstd. */
struct forge_text forge_compress(struct forge_text text);

/** forge_file: bytes as a file without a name; *ret_path is room for its path. Returns the file
 *  descriptor, to be closed when the file is no longer needed. */
int forge_file(const void *bytes, size_t n, char path[64]);

/** forge_load: compress a text and load it: what trace_load returns. */
int forge_load(struct forge_text text, struct trace **ret, struct trace_error *error);

/** forge_load_raw: load bytes as they are. */
int forge_load_raw(const void *bytes, size_t n, struct trace **ret, struct trace_error *error);

/** forge_unpack: the decompressed text of a whole .zst file of at most 16 MiB of text. */
struct forge_text forge_unpack(const char *path);

#endif
