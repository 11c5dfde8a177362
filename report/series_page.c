/* SPDX-License-Identifier: MIT */
/* The report about a series of snapshots. */
#include "report/series_page.h"

#include <errno.h>
#include <inttypes.h>
#include <time.h>

#include "report/advice_part.h"
#include "report/quantity.h"
#include "report/series_parts.h"

enum {
    DATE_BYTES = 40,
};

static void format_date(double seconds, char *text) {
    time_t moment = (time_t)seconds;
    struct tm broken_down;
    if (!gmtime_r(&moment, &broken_down) ||
        strftime(text, DATE_BYTES, "%Y-%m-%d %H:%M:%S UTC", &broken_down) == 0) {
        snprintf(text, DATE_BYTES, "an unknown time");
    }
}

static void write_head(const struct series_report *report, FILE *stream) {
    const struct series *series = report->series;
    char title[256], subtitle[512], from[DATE_BYTES], to[DATE_BYTES];
    bool is_same = report->first->pid == report->last->pid;
    format_date(series->moments[0].seconds, from);
    format_date(series->moments[series->n - 1].seconds, to);
    snprintf(title, sizeof(title), "%.200s (pid %" PRId64 ")", report->last->program,
             report->last->pid);
    snprintf(subtitle, sizeof(subtitle), "%zu snapshot%s of %zu, %s to %s%s", series->n,
             series->n == 1 ? "" : "s", report->n_files, from, to,
             is_same ? "" : "; not all of one process");
    page_begin(stream, title, subtitle);
}

/* Of everything live, per hour, by first and last: what is on the tile. */
static double growth_per_hour(const struct series *series) {
    const struct series_moment *first = &series->moments[0],
                               *last = &series->moments[series->n - 1];
    double seconds = last->seconds - first->seconds;
    double bytes = (double)last->live_bytes - (double)first->live_bytes;
    return seconds > 0 ? bytes * 3600 / seconds : 0;
}

static void write_tiles(const struct series_report *report, FILE *stream) {
    const struct series *series = report->series;
    const struct series_moment *first = &series->moments[0],
                               *last = &series->moments[series->n - 1];
    char objects[96], growth[96], misuses[96];
    struct quantity time = quantity_duration((last->seconds - first->seconds) * 1e9);
    struct quantity live = quantity_bytes((double)last->live_bytes);
    struct quantity per_hour = quantity_bytes(growth_per_hour(series));
    struct quantity resident = quantity_bytes((double)last->ledger.resident);
    struct quantity misused = quantity_count((int64_t)last->misuses);
    snprintf(objects, sizeof(objects), "%s objects and blocks",
             quantity_count((int64_t)last->live_count).text);
    snprintf(growth, sizeof(growth), "from %s at first",
             quantity_bytes((double)first->live_bytes).text);
    snprintf(misuses, sizeof(misuses), "%s at first", quantity_count((int64_t)first->misuses).text);
    const struct page_tile tiles[] = {
        {"Time", time.text, "from the first to the last"},
        {"Live at the end", live.text, objects},
        {"Growth per hour", per_hour.text, growth},
        {"Resident at the end", last->ledger.is_known ? resident.text : "\342\200\223",
         "as the system says"},
        {"Misuse reports", misused.text, misuses},
    };
    page_tiles(stream, tiles, sizeof(tiles) / sizeof(tiles[0]));
}

int series_page_write(const struct series_report *report, FILE *stream) {
    struct advice *advice = advice_of_snapshot(report->last);
    struct charts charts;
    if (!advice) {
        return -ENOMEM;
    }
    charts_begin(&charts, true);
    write_head(report, stream);
    write_tiles(report, stream);
    series_part_live(report->series, &charts, stream);
    series_part_resident(report->series, &charts, stream);
    series_part_growth(report->series, &charts, stream);
    series_part_growth_tables(report->series, stream);
    series_part_pools(report, stream);
    series_part_ages(report->last, stream);
    advice_part(advice, stream);
    int result = page_end(stream, &charts);
    charts_end(&charts);
    advice_free(advice);
    return result;
}
