/* SPDX-License-Identifier: MIT */
/* Writes a trace: events one after another, then the header, and a compressed file of columns. */
#ifndef REPLAY_TRACE_WRITER_H
#define REPLAY_TRACE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * THEORY
 *
 * A trace begins with a header that tells what is known last, and holds one column after another;
 * events come row by row. So each column is kept in a file of its own, without a name, in the
 * folder of the trace to be, and read once for each byte of its width in the end: memory stays
 * small however long the trace is. The trace has a temporary name until it is whole.
 */

struct trace_writer;

struct trace_event {
    uint8_t operation; /* enum trace_operation */
    uint16_t thread, class;
    uint32_t slot, delta_ticks, bytes;
};

/** trace_writer_new: 0 and *ret, to be given back by trace_writer_free; or a negative errno: no
 *  file can be made beside `path`. */
int trace_writer_new(struct trace_writer **ret, const char *path);

/** trace_writer_add: one event more; 0 or a negative errno. */
int trace_writer_add(struct trace_writer *writer, const struct trace_event *event);

/** trace_writer_finish: write the trace and give it its name, replacing a file that has it.
 *  `header` is all of it; `has_bytes`: the columns end with that of sizes.
 *  0 and the file's size; or a negative errno, and no file. */
int trace_writer_finish(struct trace_writer *writer, const char *header, size_t header_bytes,
                        bool has_bytes, uint64_t *ret_file_bytes);

/** trace_writer_free: without trace_writer_finish there is no file; NULL is ignored. */
void trace_writer_free(struct trace_writer *writer);

#endif
