/* SPDX-License-Identifier: MIT */
/* The tables about a series of snapshots. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/quantity.h"
#include "report/series_parts.h"

enum {
    ROWS_MAX = 50,
    SPARK_POINTS = 60,
    SPARK_WIDTH = 120,
    SPARK_HEIGHT = 22,
    AGES_ROWS = 30,
};

/* A line without axes: from the lowest to the highest, drawn as markup, without the program. */
static void write_spark(const struct series *series, const uint64_t *values, FILE *stream) {
    uint64_t least = values[0], most = values[0];
    for (size_t i = 0; i < series->n; i++) {
        least = values[i] < least ? values[i] : least;
        most = values[i] > most ? values[i] : most;
    }
    double span = most > least ? (double)(most - least) : 1;
    size_t n = series->n < SPARK_POINTS ? series->n : SPARK_POINTS;
    html_raw(stream, "<svg class=\"spark\" viewBox=\"0 0 120 24\" aria-hidden=\"true\">"
                     "<polyline points=\"");
    for (size_t i = 0; i < n; i++) {
        size_t at = n > 1 ? i * (series->n - 1) / (n - 1) : 0;
        fprintf(stream, "%s%.1f,%.1f", i > 0 ? " " : "",
                n > 1 ? (double)i * SPARK_WIDTH / (double)(n - 1) : 0.0,
                1 + SPARK_HEIGHT * (1 - (double)(values[at] - least) / span));
    }
    html_raw(stream, "\"></polyline></svg>");
}

static double difference(const uint64_t *values, size_t n) {
    return (double)values[n - 1] - (double)values[0];
}

static void add_growth_row(struct html_table *table, const struct series *series,
                           const struct series_line *line, bool has_place) {
    size_t last = series->n - 1;
    html_row(table);
    html_cell(table, line->what);
    if (has_place) {
        html_cell(table, line->detail);
    }
    html_cell_bytes(table, (double)line->bytes[0]);
    html_cell_bytes(table, (double)line->bytes[last]);
    html_cell_signed_bytes(table, difference(line->bytes, series->n));
    html_cell_count(table, (int64_t)line->count[last]);
    html_cell_signed_bytes(table, line->bytes_per_second * 3600);
    html_cell_share(table, (int)(line->fit * 1000));
    html_cell_begin(table);
    write_spark(series, line->bytes, table->stream);
    html_cell_end(table);
}

/* Owners are in order of their peaks; here the fastest growing come first. */
static int by_slope(const void *left, const void *right) {
    const struct series_line *const *a = left, *const *b = right;
    double x = (*a)->bytes_per_second, y = (*b)->bytes_per_second;
    int order = (x < y) - (x > y);
    return order ? order : strcmp((*a)->what, (*b)->what);
}

static void write_growth(const struct series *series, enum series_kind kind, const char *caption,
                         FILE *stream) {
    static const struct html_column columns[] = {
        {"what", NULL, true},
        {"got at", NULL, true},
        {"first", NULL, false},
        {"last", NULL, false},
        {"growth", NULL, false},
        {"count", "in the last snapshot", false},
        {"per hour", "slope of the straight line that fits best", false},
        {"fit", "how straight it is: 100 % is a line, which is how a leak looks", false},
        {"course", NULL, true},
    };
    static const struct html_column without_place[] = {
        {"what", NULL, true},
        {"first", NULL, false},
        {"last", NULL, false},
        {"growth", NULL, false},
        {"count", "in the last snapshot", false},
        {"per hour", "slope of the straight line that fits best", false},
        {"fit", "how straight it is: 100 % is a line, which is how a leak looks", false},
        {"course", NULL, true},
    };
    bool has_place = kind == SERIES_PLACES;
    const struct series_lines *lines = &series->of[kind];
    struct replay_memory scratch = {0};
    const struct series_line **order = replay_memory_take(&scratch, lines->n, sizeof(*order));
    struct html_table table;
    html_table_begin(&table, stream, has_place ? columns : without_place, has_place ? 9 : 8, "rows",
                     caption);
    for (size_t i = 0; order && i < lines->n; i++) {
        order[i] = &lines->lines[i];
    }
    if (order && lines->n > 0) {
        qsort(order, lines->n, sizeof(*order), by_slope);
    }
    for (size_t i = 0; order && i < lines->n && i < ROWS_MAX; i++) {
        add_growth_row(&table, series, order[i], has_place);
    }
    html_table_end(&table);
    replay_memory_release(&scratch);
}

void series_part_growth_tables(const struct series *series, FILE *stream) {
    page_section_begin(stream, "growth", "Growth",
                       "Ranked by the slope of the straight line that fits all snapshots best. "
                       "What grows and fits well is worth a look.");
    if (series->of[SERIES_PLACES].n > 0) {
        write_growth(series, SERIES_PLACES, "Call sites", stream);
    }
    write_growth(series, SERIES_OWNERS, "Pools and types", stream);
    write_growth(series, SERIES_COMPONENTS, "Components", stream);
    page_section_end(stream);
}

/* ---- the last snapshot ---- */

/* The same pool in another snapshot; NULL: it was not there. */
static const struct snapshot_pool *find_pool(const struct snapshot *snapshot,
                                             const struct snapshot_pool *pool) {
    for (size_t i = 0; i < snapshot->n_pools; i++) {
        const struct snapshot_pool *other = &snapshot->pools[i];
        if (other->number == pool->number && other->serial == pool->serial) {
            return other;
        }
    }
    return NULL;
}

static void add_pool(struct html_table *table, const struct series_report *report,
                     const struct snapshot_pool *pool) {
    const struct snapshot_pool *before = find_pool(report->first, pool);
    double seconds =
        report->series->moments[report->series->n - 1].seconds - report->series->moments[0].seconds;
    int64_t rate = before && seconds > 0 && pool->alloc_count >= before->alloc_count
                       ? (int64_t)((double)(pool->alloc_count - before->alloc_count) / seconds)
                       : -1;
    uint64_t live = pool->hot + pool->curr_stdalloc;
    html_row(table);
    html_cell(table, pool->name);
    html_cell_bytes(table, (double)pool->object_bytes);
    html_cell_count(table, (int64_t)live);
    html_cell_bytes(table, (double)(live * pool->object_bytes));
    html_cell_count(table, (int64_t)pool->max_alloc);
    html_cell_count(table, (int64_t)pool->count);
    html_cell_count(table, (int64_t)(pool->cached + pool->depot));
    html_cell_bytes(table, (double)pool->slab_bytes);
    html_cell_count(table, (int64_t)pool->alloc_count);
    html_cell_count(table, rate);
    html_cell_count(table, (int64_t)pool->refused);
    html_cell_count(table, (int64_t)pool->misuses);
}

static int by_bytes(const void *left, const void *right) {
    const struct snapshot_pool *const *a = left, *const *b = right;
    uint64_t x = ((*a)->hot + (*a)->curr_stdalloc) * (*a)->object_bytes;
    uint64_t y = ((*b)->hot + (*b)->curr_stdalloc) * (*b)->object_bytes;
    int order = (x < y) - (x > y);
    return order ? order : ((*a)->serial > (*b)->serial) - ((*a)->serial < (*b)->serial);
}

void series_part_pools(const struct series_report *report, FILE *stream) {
    static const struct html_column columns[] = {
        {"pool", NULL, true},
        {"object", NULL, false},
        {"live", NULL, false},
        {"bytes", NULL, false},
        {"peak", "most slots live at once", false},
        {"count", "made ready, as asked for", false},
        {"free", "in threads' caches and the depot", false},
        {"slabs", NULL, false},
        {"gets", "ever", false},
        {"per s", "between the first snapshot and the last", false},
        {"refused", NULL, false},
        {"misuses", NULL, false},
    };
    const struct snapshot *last = report->last;
    struct replay_memory scratch = {0};
    const struct snapshot_pool **order =
        replay_memory_take(&scratch, last->n_pools, sizeof(*order));
    struct html_table table;
    size_t n = 0;
    for (size_t i = 0; order && i < last->n_pools; i++) {
        if (last->pools[i].kind != SNAPSHOT_HEAP_CLASS) {
            order[n++] = &last->pools[i];
        }
    }
    if (n > 0) {
        qsort(order, n, sizeof(*order), by_bytes);
    }
    page_section_begin(stream, "pools", "Pools in the last snapshot",
                       "Most live bytes first. Click a title to sort.");
    html_table_begin(&table, stream, columns, sizeof(columns) / sizeof(columns[0]), "rows",
                     "Pools");
    for (size_t i = 0; i < n && i < ROWS_MAX; i++) {
        add_pool(&table, report, order[i]);
    }
    html_table_end(&table);
    page_section_end(stream);
    replay_memory_release(&scratch);
}

/* ---- ages ---- */

struct age_row {
    const char *what;
    uint64_t ages[SNAPSHOT_AGES], bytes, count;
};

static int by_row_name(const void *left, const void *right) {
    const struct snapshot_group *const *a = left, *const *b = right;
    return strcmp((*a)->what, (*b)->what);
}

static int by_row_bytes(const void *left, const void *right) {
    const struct age_row *a = left, *b = right;
    int order = (a->bytes < b->bytes) - (a->bytes > b->bytes);
    return order ? order : strcmp(a->what, b->what);
}

/* Groups of one pool or account, added up; how many rows came of it. */
static size_t sum_ages(const struct snapshot_group **groups, size_t n, struct age_row *rows) {
    size_t n_rows = 0;
    qsort(groups, n, sizeof(*groups), by_row_name);
    for (size_t i = 0; i < n; i++) {
        if (n_rows == 0 || strcmp(rows[n_rows - 1].what, groups[i]->what) != 0) {
            rows[n_rows++].what = groups[i]->what;
        }
        struct age_row *row = &rows[n_rows - 1];
        row->bytes += groups[i]->bytes;
        row->count += groups[i]->count;
        for (size_t age = 0; age < SNAPSHOT_AGES; age++) {
            row->ages[age] += groups[i]->ages[age];
        }
    }
    qsort(rows, n_rows, sizeof(*rows), by_row_bytes);
    return n_rows;
}

static void add_age_row(struct html_table *table, const struct age_row *row) {
    html_row(table);
    html_cell(table, row->what);
    html_cell_count(table, (int64_t)row->count);
    html_cell_bytes(table, (double)row->bytes);
    for (size_t age = 0; age < SNAPSHOT_AGES; age++) {
        double percent = row->count > 0 ? 100 * (double)row->ages[age] / (double)row->count : 0;
        char text[QUANTITY_BYTES] = "";
        if (row->ages[age] > 0) {
            snprintf(text, sizeof(text), "%s", quantity_count((int64_t)row->ages[age]).text);
        }
        html_cell_heat(table, percent > 100 ? 100 : percent, text, NULL);
    }
}

void series_part_ages(const struct snapshot *last, FILE *stream) {
    static const struct html_column columns[] = {
        {"pool or type", NULL, true}, {"live", NULL, false},    {"bytes", NULL, false},
        {"< 10 s", NULL, false},      {"< 1 min", NULL, false}, {"< 10 min", NULL, false},
        {"< 1 h", NULL, false},       {"< 1 d", NULL, false},   {"older", NULL, false},
    };
    struct replay_memory scratch = {0};
    size_t n = last->n_groups;
    const struct snapshot_group **groups = replay_memory_take(&scratch, n, sizeof(*groups));
    struct age_row *rows = replay_memory_take(&scratch, n, sizeof(*rows));
    if (n > 0 && groups && rows) {
        struct html_table table;
        for (size_t i = 0; i < n; i++) {
            groups[i] = &last->groups[i];
        }
        size_t n_rows = sum_ages(groups, n, rows);
        page_section_begin(stream, "ages", "Ages in the last snapshot",
                           "How long ago what is live was got. Old things of a kind that should "
                           "be short-lived are suspect.");
        html_table_begin(&table, stream, columns, sizeof(columns) / sizeof(columns[0]), "ages",
                         "Live objects and blocks by age");
        for (size_t i = 0; i < n_rows && i < AGES_ROWS; i++) {
            add_age_row(&table, &rows[i]);
        }
        html_table_end(&table);
        page_section_end(stream);
    }
    replay_memory_release(&scratch);
}
