/* SPDX-License-Identifier: MIT */
/* The charts over the time of a trace. */
#include "report/trace_parts.h"

static const double second_ns = 1e9;

enum {
    MARKS_MAX = 40, /* phases that are drawn */
};

static void add_view(json_t *chart, const struct timeline *timeline, size_t kind, bool is_bytes,
                     const char *label) {
    json_t *view = chart_view(chart, label, "stack", is_bytes ? "bytes" : "count");
    const struct tracks *tracks = timeline->tracks[kind];
    json_t *x = chart_x(view);
    for (size_t point = 0; point < timeline->n_points; point++) {
        json_array_append_new(x, chart_number((double)timeline->at_ns[point] / second_ns));
    }
    for (uint32_t track = 0; track < tracks->n; track++) {
        bool is_rest = tracks->has_rest && track + 1 == tracks->n;
        json_t *y = chart_series(view, tracks->names[track], is_rest);
        for (size_t point = 0; point < timeline->n_points; point++) {
            const struct timeline_value *value = &timeline->live[kind][point][track];
            json_array_append_new(y,
                                  chart_number((double)(is_bytes ? value->bytes : value->count)));
        }
    }
}

/* Where phases begin: the times of their first events. */
static void add_marks(json_t *chart, const struct trace *trace) {
    uint64_t ticks = 0;
    uint32_t event = 0;
    for (uint32_t i = 0; i < trace->n_phases && i < MARKS_MAX; i++) {
        while (event < trace->n_events && event < trace->phases[i].first_event) {
            ticks += trace_wide(&trace->delta_ticks, event++);
        }
        chart_mark(chart, (double)ticks * trace->tick_ns / second_ns, trace->phases[i].name);
    }
}

void trace_part_live(const struct trace_study *study, struct charts *charts, FILE *stream) {
    const struct timeline *timeline = study->timeline;
    json_t *chart = chart_add(charts, "live");
    add_view(chart, timeline, 0, true, "bytes by pool");
    add_view(chart, timeline, 0, false, "objects by pool");
    add_view(chart, timeline, 1, true, "bytes by component");
    add_view(chart, timeline, 1, false, "objects by component");
    add_marks(chart, study->trace);
    page_chart(
        stream, "live", "Live over time",
        "What was got and not put. Each point is the moment at which most bytes were live in "
        "its part of the time, so no peak is lost. Drag to zoom, double-click to go back; "
        "click a name to hide it.");
}

static void add_rate(json_t *view, const struct timeline *timeline, const uint64_t *counts,
                     const char *label) {
    json_t *y = chart_series(view, label, false);
    double seconds = (double)timeline->bin_ns / second_ns;
    for (size_t bin = 0; bin < TIMELINE_BINS; bin++) {
        json_array_append_new(y, chart_number((double)counts[bin] / seconds));
    }
}

void trace_part_rates(const struct trace_study *study, struct charts *charts, FILE *stream) {
    const struct timeline *timeline = study->timeline;
    json_t *chart = chart_add(charts, "rates");
    json_t *view = chart_view(chart, "rates", "lines", "rate");
    json_t *x = chart_x(view);
    for (size_t bin = 0; bin < TIMELINE_BINS; bin++) {
        json_array_append_new(
            x, chart_number(((double)bin + 0.5) * (double)timeline->bin_ns / second_ns));
    }
    add_rate(view, timeline, timeline->gets, "gets");
    add_rate(view, timeline, timeline->puts, "puts");
    if (study->trace->n_sites > 0) {
        add_rate(view, timeline, timeline->allocations, "mallocs");
        add_rate(view, timeline, timeline->frees, "frees");
    }
    add_marks(chart, study->trace);
    page_chart(stream, "rates", "Rates", "Operations a second, of all threads.");
}
