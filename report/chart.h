/* SPDX-License-Identifier: MIT */
/* Charts, as data that the page's program draws. */
#ifndef REPORT_CHART_H
#define REPORT_CHART_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

/*
 * A chart has one or more *views*, of which the reader chooses one:
 *
 *   {"id": "live", "views": [{"label": "bytes by pool", "kind": "stack", "unit": "bytes",
 *     "x": [...], "series": [{"label": "a:b", "y": [...]}]}],
 *   "marks": [{"x": 1.5, "label": "..."}]}
 *
 * kind   stack: areas one on the other; lines; bars, of which x are labels
 * unit   bytes, count, rate (per second)
 * clock  of all charts of a page: seconds since a start, or of the world (UTC)
 *
 * Memory that is short makes them NULL, which jansson passes on; chart_write says so at the end.
 */

struct charts {
    json_t *list;
    bool is_utc;
};

/** charts_begin: none yet. */
void charts_begin(struct charts *charts, bool is_utc);

/** chart_add: another chart; it belongs to the list. */
json_t *chart_add(struct charts *charts, const char *id);

/** chart_view: another view of it; belongs to the chart. */
json_t *chart_view(json_t *chart, const char *label, const char *kind, const char *unit);

/** chart_x: its places, at which all series have values. Filled by json_array_append_new. */
json_t *chart_x(json_t *view);

/** chart_series: another series: its values, to be filled likewise. `is_rest`: of many others. */
json_t *chart_series(json_t *view, const char *label, bool is_rest);

/** chart_mark: a line across the time. */
void chart_mark(json_t *chart, double x, const char *label);

/** chart_number: a number with no more digits than a chart shows. */
json_t *chart_number(double value);

/** charts_write: as the text of a script element: no `<` is in it. 0 or -ENOMEM. */
int charts_write(const struct charts *charts, FILE *stream);

/** charts_end: give them back. */
void charts_end(struct charts *charts);

#endif
