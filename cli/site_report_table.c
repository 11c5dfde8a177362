/* SPDX-License-Identifier: MIT */
/* Call sites as a table. */
#include <inttypes.h>
#include <string.h>

#include "cli/site_report.h"
#include "cli/table.h"

enum {
    PLACE_BYTES = 4096, /* of some functions and paths; longer text is cut */
};

static const struct table live_table = {
    .titles = {"bytes", "count", "oldest s", "what", "got at"},
    .n_columns = 5,
    .is_left = {false, false, false, true, true},
};

static const struct table growth_table = {
    .titles = {"bytes", "count", "bytes before", "bytes after", "count after", "what", "got at"},
    .n_columns = 7,
    .is_left = {false, false, false, false, false, true, true},
};

static void add_numbers(struct table *table, const struct site_report *report,
                        const struct snapshot_line *line) {
    table_row(table);
    if (report->n_snapshots == 1) {
        table_cell(table, "%" PRIu64, line->bytes[0]);
        table_cell(table, "%" PRIu64, line->count[0]);
        table_cell(table, "%" PRIu64, line->oldest_seconds[0]);
    } else {
        table_cell(table, "%+" PRId64, site_growth(line->bytes));
        table_cell(table, "%+" PRId64, site_growth(line->count));
        table_cell(table, "%" PRIu64, line->bytes[0]);
        table_cell(table, "%" PRIu64, line->bytes[1]);
        table_cell(table, "%" PRIu64, line->count[1]);
    }
}

/* "function (file:line)", and behind it where that was inlined; or function and offset. */
static void describe_place(const struct site_report *report, const struct snapshot_line *line,
                           char *ret, size_t bytes) {
    struct source source = {.n_frames = 0};
    if (report->sources) {
        source_find(report->sources, line, &source);
    }
    if (source.n_frames == 0 && source.symbol) {
        snprintf(ret, bytes, "%s+0x%" PRIx64, source.symbol, source.symbol_offset);
    } else if (source.n_frames == 0) {
        snprintf(ret, bytes, "%s", line->site);
    }
    size_t length = 0;
    for (size_t i = 0; i < source.n_frames && length < bytes; i++) {
        const struct source_frame *frame = &source.frames[i];
        const char *function = frame->function ? frame->function : source.symbol;
        int n = snprintf(ret + length, bytes - length, "%s%s (%s:%u)", i > 0 ? " in " : "",
                         function ? function : "?", frame->file, frame->line);
        length += n > 0 ? (size_t)n : 0;
    }
}

int site_report_table(const struct site_report *report, FILE *stream) {
    struct table table = report->n_snapshots == 1 ? live_table : growth_table;
    char place[PLACE_BYTES];
    for (size_t i = 0; i < report->n_shown; i++) {
        const struct snapshot_line *line = &report->lines[i];
        describe_place(report, line, place, sizeof(place));
        add_numbers(&table, report, line);
        table_cell(&table, "%s", line->what);
        table_cell(&table, "%s", place);
    }
    add_numbers(&table, report, &report->total);
    table_cell(&table, "total");
    table_cell(&table, "%zu of %zu lines shown", report->n_shown, report->n_lines);
    int result = table_print(&table, stream);
    table_release(&table);
    return result;
}
