/* SPDX-License-Identifier: MIT */
/* Text into a fixed buffer: no stdio, no malloc, safe in signal handlers.
 *
 * What does not fit is cut off; `cut` then says so. The text is always ended by NUL. */
#ifndef MEMPOOL_BASE_TEXT_H
#define MEMPOOL_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    char *buffer;
    size_t capacity_bytes; /* of buffer, with the final NUL; at least 1 */
    size_t length;
    bool cut;
};

void text_init(struct text *text, char *buffer, size_t capacity_bytes);
void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const char *bytes, size_t n);
void text_add_unsigned(struct text *text, uint64_t value);
void text_add_signed(struct text *text, int64_t value);
void text_add_hex(struct text *text, uint64_t value); /* with 0x */
/* Control characters and the backslash as `\xHH`, so that a line stays one and a column, too. */
void text_add_escaped(struct text *text, const char *bytes, size_t n);

#endif
