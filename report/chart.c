/* SPDX-License-Identifier: MIT */
/* Charts, as data that the page's program draws. */
#include "report/chart.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/shown.h"

enum {
    LABEL_BYTES = 512, /* of a name; longer ones are cut between characters */
};

void charts_begin(struct charts *charts, bool is_utc) {
    charts->list = json_array();
    charts->is_utc = is_utc;
}

void charts_end(struct charts *charts) {
    json_decref(charts->list);
    charts->list = NULL;
}

static json_t *text(const char *string) {
    char clean[LABEL_BYTES];
    size_t used = 0;
    for (size_t n; *string; string += n ? n : 1) {
        n = shown_character(string);
        const char *from = n ? string : SHOWN_REPLACEMENT;
        size_t bytes = n ? n : strlen(SHOWN_REPLACEMENT);
        if (used + bytes >= sizeof(clean)) {
            break;
        }
        memcpy(clean + used, from, bytes);
        used += bytes;
    }
    clean[used] = '\0';
    return json_string(clean);
}

json_t *chart_add(struct charts *charts, const char *id) {
    json_t *chart = json_object();
    json_object_set_new(chart, "id", json_string(id));
    json_object_set_new(chart, "views", json_array());
    json_object_set_new(chart, "marks", json_array());
    json_array_append_new(charts->list, chart);
    return chart;
}

json_t *chart_view(json_t *chart, const char *label, const char *kind, const char *unit) {
    json_t *view = json_object();
    json_object_set_new(view, "label", text(label));
    json_object_set_new(view, "kind", json_string(kind));
    json_object_set_new(view, "unit", json_string(unit));
    json_object_set_new(view, "x", json_array());
    json_object_set_new(view, "series", json_array());
    json_array_append_new(json_object_get(chart, "views"), view);
    return view;
}

json_t *chart_x(json_t *view) {
    return json_object_get(view, "x");
}

json_t *chart_series(json_t *view, const char *label, bool is_rest) {
    json_t *series = json_object(), *values = json_array();
    json_object_set_new(series, "label", text(label));
    json_object_set_new(series, "y", values);
    if (is_rest) {
        json_object_set_new(series, "rest", json_true());
    }
    json_array_append_new(json_object_get(view, "series"), series);
    return values;
}

void chart_mark(json_t *chart, double x, const char *label) {
    json_t *mark = json_object();
    json_object_set_new(mark, "x", chart_number(x));
    json_object_set_new(mark, "label", text(label));
    json_array_append_new(json_object_get(chart, "marks"), mark);
}

json_t *chart_number(double value) {
    if (value == floor(value) && fabs(value) < 1e15) {
        return json_integer((json_int_t)value);
    }
    return json_real(floor(value * 1e4 + 0.5) / 1e4);
}

/* The text is JSON, where `<` is in strings only. */
static int write_escaped(const char *bytes, size_t n, void *stream) {
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == '<') {
            fputs("\\u003c", stream);
        } else {
            fputc(bytes[i], stream);
        }
    }
    return 0;
}

int charts_write(const struct charts *charts, FILE *stream) {
    json_t *whole = json_object();
    json_object_set_new(whole, "clock", json_string(charts->is_utc ? "utc" : "seconds"));
    json_object_set(whole, "charts", charts->list);
    int result =
        json_dump_callback(whole, write_escaped, stream, JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(whole);
    return result == 0 ? 0 : -ENOMEM;
}
