/* SPDX-License-Identifier: MIT */
/* The text header of a trace. */
#ifndef REPLAY_HEADER_H
#define REPLAY_HEADER_H

#include "replay/trace.h"

enum {
    HEADER_BYTES_MAX = 1 << 20, /* longest header accepted */
};

/* The columns of a trace; the last only where there are sites. */
enum header_column {
    HEADER_OPERATION,
    HEADER_THREAD,
    HEADER_CLASS,
    HEADER_SLOT,
    HEADER_DELTA,
    HEADER_BYTES,
    HEADER_COLUMNS,
};

/* What a header says beyond what goes to the trace. */
struct header {
    uint64_t event_bytes;                     /* sum of the columns' widths */
    uint64_t column_bytes_at[HEADER_COLUMNS]; /* each column's place within event_bytes */
    bool has_bytes;                           /* HEADER_BYTES is there */
};

/** header_parse: check the header in text[0 .. bytes), its line "end" included, and fill the
 *  header fields of *trace (from trace->memory).
 *  0, or a negative errno with *error filled. */
int header_parse(struct trace *trace, struct header *header, const char *text, size_t bytes,
                 struct trace_error *error);

/** header_begin: check that text[0 .. bytes) begins with a first line that this program reads. */
int header_begin(const struct trace *trace, const char *text, size_t bytes,
                 struct trace_error *error);

/** header_end: how many bytes of text[0 .. bytes) the header takes, its line "end" included; 0:
 *  that line is not there. */
size_t header_end(const char *text, size_t bytes);

/** trace_fail: fill *error with "PATH: " and the formatted text, and return -EBADMSG. What is not
 *  printable becomes '?'. */
int trace_fail(struct trace_error *error, const struct trace *trace, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** trace_fail_system: the same with strerror's text, for a failure of the system: -error_number. */
int trace_fail_system(struct trace_error *error, const struct trace *trace, const char *doing,
                      int error_number);

#endif
