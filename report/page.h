/* SPDX-License-Identifier: MIT */
/* The page around a report: one file that needs nothing else. */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "report/chart.h"
#include "report/html.h"

/*
 * THEORY
 *
 * Style, program and data are in the page; it asks no network, and opens as a file. Its policy
 * (Content-Security-Policy) allows the two programs that were built in, by their hashes, and
 * nothing else: a name that were taken for markup could still do nothing. Tables are plain HTML, to
 * be read without the program, which draws the charts and sorts.
 */

/* A big number at the top. */
struct page_tile {
    const char *title, *value, *note;
};

/** page_begin: head, title, and what the report is of. */
void page_begin(FILE *stream, const char *title, const char *subtitle);

/** page_tiles: a row of big numbers. */
void page_tiles(FILE *stream, const struct page_tile *tiles, size_t n);

/** page_section_begin, page_section_end: a part with a heading; `id` for links. */
void page_section_begin(FILE *stream, const char *id, const char *title, const char *explanation);
void page_section_end(FILE *stream);

/** page_chart: where a chart of that id is drawn. */
void page_chart(FILE *stream, const char *id, const char *title, const char *explanation);

/** page_end: the data and the programs. 0 or -ENOMEM; errors of the stream are left in it. */
int page_end(FILE *stream, const struct charts *charts);

#endif
