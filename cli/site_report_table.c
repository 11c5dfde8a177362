/* SPDX-License-Identifier: MIT */
/* Call sites as a table. */
#include <inttypes.h>
#include <string.h>

#include "cli/growth.h"
#include "cli/site_place.h"
#include "cli/site_report.h"
#include "cli/table.h"

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

int site_report_table(const struct site_report *report, FILE *stream) {
    struct table table = report->n_snapshots == 1 ? live_table : growth_table;
    char place[SITE_PLACE_BYTES];
    for (size_t i = 0; i < report->n_shown; i++) {
        const struct snapshot_line *line = &report->lines[i];
        site_place(report->sources, line, place, sizeof(place));
        add_numbers(&table, report, line);
        table_cell(&table, "%s", line->what);
        table_cell(&table, "%s", place);
    }
    add_numbers(&table, report, &report->total);
    table_cell(&table, "total");
    table_cell(&table, "%zu of %zu lines shown", report->n_shown, report->n_lines);
    int result = table_print(&table, stream);
    table_release(&table);
    if (result == 0 && report->snapshots[0] && report->snapshots[1]) {
        result = growth_tables(report->snapshots, report->most, report->is_all, stream);
    }
    return result;
}
