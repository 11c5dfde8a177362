/* SPDX-License-Identifier: MIT */
/* Writing HTML. Whatever a name holds, it stays text. */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/** html_raw: markup, as it is. */
void html_raw(FILE *stream, const char *markup);

/** html_text: text: what means something in HTML is escaped, what is no UTF-8 or a control
 *  character becomes U+FFFD. */
void html_text(FILE *stream, const char *text);

/** html_format: the same of a formatted text. */
void html_format(FILE *stream, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A table that can be sorted by its columns. */
struct html_column {
    const char *title;
    const char *hint; /* what it means; NULL: clear without */
    bool is_text;     /* else a number: to the right */
};

struct html_table {
    FILE *stream;
    const struct html_column *columns;
    size_t n_columns;
    size_t at; /* the next cell's column */
    bool has_rows;
};

/** html_table_begin: caption and titles; `class` as HTML has it. The columns must outlive it. */
void html_table_begin(struct html_table *table, FILE *stream, const struct html_column *columns,
                      size_t n_columns, const char *class, const char *caption);
void html_table_end(struct html_table *table);
void html_row(struct html_table *table);

/* Cells, from left to right. */
void html_cell(struct html_table *table, const char *text);
void html_cell_count(struct html_table *table, int64_t count); /* below 0: unknown */
void html_cell_bytes(struct html_table *table, double bytes);
void html_cell_signed_bytes(struct html_table *table, double bytes);
void html_cell_duration(struct html_table *table, double ns);    /* 0: none */
void html_cell_share(struct html_table *table, int thousandths); /* below 0: unknown */
/* Around markup of the caller's. */
void html_cell_begin(struct html_table *table);
void html_cell_end(struct html_table *table);
/* A colour of 0 to 100 % and a text in it; `hint` is shown when pointed at. */
void html_cell_heat(struct html_table *table, double percent, const char *text, const char *hint);

#endif
