/* SPDX-License-Identifier: MIT */
/* Where a format goes: bytes, in pieces, to whoever wants them. */
#ifndef MEMPOOL_EXPORT_OUTPUT_H
#define MEMPOOL_EXPORT_OUTPUT_H

#include "base/text.h"

#include <stddef.h>
#include <stdint.h>

struct export_output {
    /* Take all n bytes; 0 or a negative errno. After the first error it is not called again. */
    int (*write)(void *arg, const char *bytes, size_t n);
    void *arg;
    int result;       /* 0, or the first error */
    struct text text; /* not yet written; in buffer */
    char buffer[4096];
};

void export_begin(struct export_output *output,
                  int (*write)(void *arg, const char *bytes, size_t n), void *arg);
/* To a file descriptor. */
void export_begin_fd(struct export_output *output, int fd);
/* Write what is left: the result. */
int export_end(struct export_output *output);

void export_bytes(struct export_output *output, const char *bytes, size_t n);
void export_text(struct export_output *output, const char *text);
void export_unsigned(struct export_output *output, uint64_t value);
void export_signed(struct export_output *output, int64_t value);
void export_hex(struct export_output *output, uint64_t value); /* with 0x */
/* Within double quotes, as JSON and OpenMetrics both have it: UTF-8 (what is none becomes U+FFFD)
 * with a backslash before quotes and backslashes; control characters become '?'. */
void export_quoted(struct export_output *output, const char *text);
/* Only its first n bytes; behind them is a byte that goes on with no character. */
void export_quoted_part(struct export_output *output, const char *text, size_t n);

#endif
