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

/* One event of a trace to be made; what is left out is 0. */
struct forge_event {
    uint8_t operation;
    uint16_t thread;
    uint16_t class;
    uint32_t slot;
    uint32_t bytes; /* of a block */
    uint32_t pause; /* ticks since the event before, but for one */
};

/* A text in memory from malloc. */
struct forge_text {
    char *bytes;
    size_t n;
};

/** forge_text: "mempool-trace 1", the lines of `header` (each ended by \n; may hold %u once, for
 *  the number of events), "end", and the columns op, thread, class, slot, dt of the events; and
 *  size, where the header says "size:u32". */
struct forge_text forge_text(const char *header, const struct forge_event *events, size_t n);

/** forge_standard: the same, with a header of `threads` threads and the given lines of pools and
 *  sites; with sites there is the column size. */
struct forge_text forge_standard(unsigned threads, const char *classes,
                                 const struct forge_event *events, size_t n);

enum {
    FORGE_MIXED_EVENTS = 4000,
    FORGE_MIXED_THREADS = 4,
};

/** forge_mixed: a good trace of FORGE_MIXED_EVENTS events of every kind that is replayed, on two
 *  pools and three sites: blocks of 0 to some thousand bytes that grow and shrink, and go from
 *  thread to thread; some are live at the end. */
struct forge_text forge_mixed(void);

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
