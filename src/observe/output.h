/* SPDX-License-Identifier: MIT */
/* Text on its way to a descriptor: what reports and snapshots are written with.
 *
 * Lines are made in a buffer, on the caller's stack, and written when it fills up, while nothing is
 * held. */
#ifndef MEMPOOL_OBSERVE_OUTPUT_H
#define MEMPOOL_OBSERVE_OUTPUT_H

#include "base/text.h"

#include <stddef.h>
#include <stdint.h>

struct output {
    int fd;
    int result; /* 0, or the first error of a write */
    struct text text;
    char buffer[4096];
};

void output_begin(struct output *output, int fd);
/* Room for one more line of numbers, a name and a site. */
struct text *output_line(struct output *output);
/* Text of any length, escaped. */
void output_escaped(struct output *output, const char *string);
void output_flush(struct output *output);

/* A number, right-aligned. */
void output_number(struct text *text, uint64_t value, size_t width);
/* What it is (census.h), padded with blanks up to width. */
void output_name(struct text *text, uint32_t whose, size_t width);
/* The call site of a record, or a number behind `?` where its code is gone; its address, or 0. */
uintptr_t output_site(struct text *text, uint32_t site);

#endif
