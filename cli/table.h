/* SPDX-License-Identifier: MIT */
/* Tables of text with aligned columns. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "replay/memory.h"

enum {
    TABLE_COLUMNS_MAX = 16,
};

struct table_row;

/* Zero-fill, set titles and n_columns, add rows, print, and release. */
struct table {
    const char *titles[TABLE_COLUMNS_MAX];
    size_t n_columns;
    bool is_left[TABLE_COLUMNS_MAX]; /* words are set to the left, numbers to the right */
    /* own */
    struct replay_memory memory;
    struct table_row *first, *last;
    size_t n_cells; /* of the last row */
    bool is_short;  /* memory ran out */
};

/** table_row: begin a row. */
void table_row(struct table *table);

/** table_cell: the row's next cell, of any length; control characters become '?'. */
void table_cell(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** table_print: 0, or -ENOMEM with nothing printed when memory had run out. */
int table_print(const struct table *table, FILE *stream);

/** table_release: give the cells back. */
void table_release(struct table *table);

#endif
