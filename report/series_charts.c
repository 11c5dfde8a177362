/* SPDX-License-Identifier: MIT */
/* The charts over the time of a series of snapshots. */
#include "analysis/tracks.h"
#include "report/series_parts.h"

enum {
    GROWTH_LINES = 8,
};

static json_t *add_view(json_t *chart, const struct series *series, const char *label,
                        const char *kind, const char *unit) {
    json_t *view = chart_view(chart, label, kind, unit);
    json_t *x = chart_x(view);
    for (size_t i = 0; i < series->n; i++) {
        json_array_append_new(x, chart_number(series->moments[i].seconds));
    }
    return view;
}

static void add_values(json_t *view, const struct series *series, const char *label,
                       const uint64_t *values) {
    json_t *y = chart_series(view, label, false);
    for (size_t i = 0; i < series->n; i++) {
        json_array_append_new(y, chart_number((double)values[i]));
    }
}

/* What has no line of its own, in one. */
static void add_rest(json_t *view, const struct series *series, const struct series_lines *lines,
                     bool is_bytes) {
    json_t *y = chart_series(view, "others", true);
    for (size_t i = 0; i < series->n; i++) {
        double sum = 0;
        for (size_t k = TRACKS_NAMED; k < lines->n; k++) {
            sum += (double)(is_bytes ? lines->lines[k].bytes[i] : lines->lines[k].count[i]);
        }
        json_array_append_new(y, chart_number(sum));
    }
}

static void add_stack(json_t *chart, const struct series *series, enum series_kind kind,
                      bool is_bytes, const char *label) {
    const struct series_lines *lines = &series->of[kind];
    json_t *view = add_view(chart, series, label, "stack", is_bytes ? "bytes" : "count");
    for (size_t k = 0; k < lines->n && k < TRACKS_NAMED; k++) {
        const struct series_line *line = &lines->lines[k];
        add_values(view, series, line->what, is_bytes ? line->bytes : line->count);
    }
    if (lines->n > TRACKS_NAMED) {
        add_rest(view, series, lines, is_bytes);
    }
}

void series_part_live(const struct series *series, struct charts *charts, FILE *stream) {
    json_t *chart = chart_add(charts, "live");
    add_stack(chart, series, SERIES_OWNERS, true, "bytes by pool and type");
    add_stack(chart, series, SERIES_OWNERS, false, "objects by pool and type");
    add_stack(chart, series, SERIES_COMPONENTS, true, "bytes by component");
    add_stack(chart, series, SERIES_COMPONENTS, false, "objects by component");
    page_chart(stream, "live", "Live over time",
               "Objects of pools and blocks of the heap, as asked for. Drag to zoom, double-click "
               "to go back; click a name to hide it.");
}

/* Resident parts of slots: the ledger's terms, less what was never written. */
static uint64_t live_part(const struct snapshot_ledger *ledger) {
    uint64_t rest = ledger->padding + ledger->cached + ledger->free;
    uint64_t over = ledger->untouched > rest ? ledger->untouched - rest : 0;
    return ledger->live > over ? ledger->live - over : 0;
}

static uint64_t idle_part(const struct snapshot_ledger *ledger) {
    uint64_t rest = ledger->padding + ledger->cached + ledger->free;
    return rest > ledger->untouched ? rest - ledger->untouched : 0;
}

static uint64_t records_part(const struct snapshot_ledger *ledger) {
    return ledger->records;
}

static uint64_t heap_part(const struct snapshot_ledger *ledger) {
    return ledger->libc_heap;
}

static uint64_t files_part(const struct snapshot_ledger *ledger) {
    return ledger->files;
}

static uint64_t stack_part(const struct snapshot_ledger *ledger) {
    return ledger->stack;
}

static uint64_t named_part(const struct snapshot_ledger *ledger) {
    return ledger->named;
}

static uint64_t unexplained_part(const struct snapshot_ledger *ledger) {
    return ledger->unexplained;
}

void series_part_resident(const struct series *series, struct charts *charts, FILE *stream) {
    static const struct {
        const char *label;
        uint64_t (*part)(const struct snapshot_ledger *ledger);
    } parts[] = {
        {"live objects and blocks", live_part},
        {"padding, caches, free slots", idle_part},
        {"records and books", records_part},
        {"libc's heap", heap_part},
        {"files", files_part},
        {"stacks", stack_part},
        {"named", named_part},
        {"unexplained", unexplained_part},
    };
    for (size_t i = 0; i < series->n; i++) {
        if (!series->moments[i].ledger.is_known) {
            return; /* no whole line to draw */
        }
    }
    json_t *chart = chart_add(charts, "resident");
    json_t *view = add_view(chart, series, "resident", "stack", "bytes");
    for (size_t k = 0; k < sizeof(parts) / sizeof(parts[0]); k++) {
        json_t *y = chart_series(view, parts[k].label, false);
        for (size_t i = 0; i < series->n; i++) {
            json_array_append_new(y,
                                  chart_number((double)parts[k].part(&series->moments[i].ledger)));
        }
    }
    page_chart(stream, "resident", "Resident over time",
               "All of the process's resident memory, in the terms of mempool_ledger(3): they add "
               "up to what the system says.");
}

static void add_growth_chart(const struct series *series, struct charts *charts) {
    const struct series_lines *lines = &series->of[SERIES_PLACES];
    json_t *chart = chart_add(charts, "growth");
    json_t *view = add_view(chart, series, "call sites", "lines", "bytes");
    for (size_t k = 0; k < lines->n && k < GROWTH_LINES; k++) {
        const struct series_line *line = &lines->lines[k];
        char label[256];
        if (k > 0 && line->bytes_per_second <= 0) {
            break; /* they are in order of that */
        }
        snprintf(label, sizeof(label), "%s%s%s", line->what, *line->detail ? " at " : "",
                 line->detail);
        add_values(view, series, label, line->bytes);
    }
}

void series_part_growth(const struct series *series, struct charts *charts, FILE *stream) {
    if (series->of[SERIES_PLACES].n == 0) {
        return;
    }
    add_growth_chart(series, charts);
    page_chart(stream, "growth", "Growth by call site",
               "Bytes of the call sites that grow fastest, as fitted to all snapshots.");
}
