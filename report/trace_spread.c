/* SPDX-License-Identifier: MIT */
/* How long objects lived, and how large blocks were. */
#include <stdio.h>
#include <string.h>

#include "report/quantity.h"
#include "report/trace_parts.h"

enum {
    GROUP = DURATION_STEPS / 2, /* places of a column: half a power of ten */
    GROUPS = (DURATION_PLACES + GROUP - 2) / GROUP + 1, /* the first is what is below the bounds */
    ROWS_MAX = 24,
    VIEWS_MAX = 6,
};

/* Columns from the first with something in it to the last. */
struct spread_range {
    unsigned first, end;
};

static unsigned group_of(unsigned place) {
    return place == 0 ? 0 : 1 + (place - 1) / GROUP;
}

static uint64_t group_bound(unsigned group) {
    return group == 0 ? 0 : duration_bound(1 + (group - 1) * GROUP);
}

static void group_up(const uint64_t *histogram, uint64_t *groups) {
    memset(groups, 0, GROUPS * sizeof(groups[0]));
    for (unsigned place = 0; place < DURATION_PLACES; place++) {
        groups[group_of(place)] += histogram[place];
    }
}

static struct spread_range range_of(const uint64_t *numbers, unsigned n) {
    struct spread_range range = {0, n};
    while (range.first < n && numbers[range.first] == 0) {
        range.first++;
    }
    while (range.end > range.first && numbers[range.end - 1] == 0) {
        range.end--;
    }
    return range;
}

static const char *group_title(unsigned group, char *text, size_t bytes) {
    if (group == 0) {
        snprintf(text, bytes, "< %s", quantity_duration((double)group_bound(1)).text);
    } else {
        snprintf(text, bytes, "%s", quantity_duration((double)group_bound(group)).text);
    }
    return text;
}

static void add_lifetimes(json_t *chart, const uint64_t *groups, struct spread_range range,
                          const char *label) {
    char title[48];
    json_t *view = chart_view(chart, label, "bars", "count");
    json_t *x = chart_x(view), *y = chart_series(view, label, false);
    for (unsigned group = range.first; group < range.end; group++) {
        json_array_append_new(x, json_string(group_title(group, title, sizeof(title))));
        json_array_append_new(y, chart_number((double)groups[group]));
    }
}

static void write_heat_row(struct html_table *table, const struct trace_study *study,
                           uint32_t class, struct spread_range range) {
    const struct class_usage *of = &study->usage->classes[class];
    uint64_t groups[GROUPS];
    group_up(of->lifetimes, groups);
    html_row(table);
    html_cell(table, study->trace->classes[class].name);
    for (unsigned group = range.first; group < range.end; group++) {
        double percent = of->puts > 0 ? 100 * (double)groups[group] / (double)of->puts : 0;
        char text[16] = "", hint[96];
        if (groups[group] > 0) {
            snprintf(text, sizeof(text), percent < 1 ? "<1" : "%.0f", percent);
        }
        snprintf(hint, sizeof(hint), "%s of %s", quantity_count((int64_t)groups[group]).text,
                 quantity_count((int64_t)of->puts).text);
        html_cell_heat(table, percent, text, groups[group] > 0 ? hint : NULL);
    }
}

static void write_heat(const struct trace_study *study, struct spread_range range, FILE *stream) {
    struct html_column columns[GROUPS + 1] = {{"percent, from", NULL, true}};
    char titles[GROUPS][48];
    size_t n_columns = 1;
    for (unsigned group = range.first; group < range.end; group++) {
        columns[n_columns++].title = group_title(group, titles[group], sizeof(titles[group]));
    }
    struct html_table table;
    html_table_begin(&table, stream, columns, n_columns, "heatmap",
                     "By pool and site, most puts first");
    for (uint32_t i = 0; i < study->trace->n_classes && i < ROWS_MAX; i++) {
        if (study->usage->classes[study->by_puts[i]].puts > 0) {
            write_heat_row(&table, study, study->by_puts[i], range);
        }
    }
    html_table_end(&table);
}

void trace_part_lifetimes(const struct trace_study *study, struct charts *charts, FILE *stream) {
    uint64_t all[DURATION_PLACES] = {0}, groups[GROUPS];
    for (uint32_t class = 0; class < study->trace->n_classes; class ++) {
        for (unsigned place = 0; place < DURATION_PLACES; place++) {
            all[place] += study->usage->classes[class].lifetimes[place];
        }
    }
    group_up(all, groups);
    struct spread_range range = range_of(groups, GROUPS);
    json_t *chart = chart_add(charts, "lifetimes");
    add_lifetimes(chart, groups, range, "all");
    for (uint32_t i = 0; i < study->trace->n_classes && i < VIEWS_MAX; i++) {
        uint32_t class = study->by_puts[i];
        if (study->usage->classes[class].puts > 0) {
            group_up(study->usage->classes[class].lifetimes, groups);
            add_lifetimes(chart, groups, range, study->trace->classes[class].name);
        }
    }
    page_chart(stream, "lifetimes", "Lifetimes",
               "How long objects and blocks lived, from get to put, in steps of about three times; "
               "each column begins at what is written below it. Those live at the end are not in "
               "it.");
    page_section_begin(stream, "lifetimes", "Lifetimes by pool",
                       "Each row adds up to 100 %. What lives for microseconds is what caches are "
                       "for; what lives for minutes decides how much memory there must be.");
    write_heat(study, range, stream);
    page_section_end(stream);
}

/* ---- sizes ---- */

static const char *size_title(unsigned place, char *text, size_t bytes) {
    snprintf(text, bytes, "%s", quantity_bytes((double)usage_size_bound(place)).text);
    return text;
}

static void write_size_row(struct html_table *table, const struct trace_study *study,
                           uint32_t class, struct spread_range range) {
    const struct class_usage *of = &study->usage->classes[class];
    uint64_t total = of->gets + of->reallocs;
    html_row(table);
    html_cell(table, study->trace->classes[class].name);
    for (unsigned place = range.first; place < range.end; place++) {
        double percent = total > 0 ? 100 * (double)of->sizes[place] / (double)total : 0;
        char text[16] = "", hint[96];
        if (of->sizes[place] > 0) {
            snprintf(text, sizeof(text), percent < 1 ? "<1" : "%.0f", percent);
        }
        snprintf(hint, sizeof(hint), "%s", quantity_count((int64_t)of->sizes[place]).text);
        html_cell_heat(table, percent, text, of->sizes[place] > 0 ? hint : NULL);
    }
}

static void write_sizes(const struct trace_study *study, struct spread_range range, FILE *stream) {
    struct html_column columns[USAGE_SIZES + 1] = {{"percent, up to", NULL, true}};
    char titles[USAGE_SIZES][48];
    size_t n_columns = 1;
    for (unsigned place = range.first; place < range.end; place++) {
        columns[n_columns++].title = size_title(place, titles[place], sizeof(titles[place]));
    }
    struct html_table table;
    uint32_t n = 0;
    html_table_begin(&table, stream, columns, n_columns, "heatmap", "By site, most frees first");
    for (uint32_t i = 0; i < study->trace->n_classes && n < ROWS_MAX; i++) {
        uint32_t class = study->by_puts[i];
        if (study->trace->classes[class].is_site && study->usage->classes[class].gets > 0) {
            write_size_row(&table, study, class, range);
            n++;
        }
    }
    html_table_end(&table);
}

void trace_part_sizes(const struct trace_study *study, struct charts *charts, FILE *stream) {
    uint64_t all[USAGE_SIZES] = {0};
    char title[48];
    if (study->trace->n_sites == 0) {
        return;
    }
    for (uint32_t class = 0; class < study->trace->n_classes; class ++) {
        for (unsigned place = 0; study->trace->classes[class].is_site && place < USAGE_SIZES;
             place++) {
            all[place] += study->usage->classes[class].sizes[place];
        }
    }
    struct spread_range range = range_of(all, USAGE_SIZES);
    json_t *chart = chart_add(charts, "sizes");
    json_t *view = chart_view(chart, "blocks", "bars", "count");
    json_t *x = chart_x(view), *y = chart_series(view, "blocks", false);
    for (unsigned place = range.first; place < range.end; place++) {
        json_array_append_new(x, json_string(size_title(place, title, sizeof(title))));
        json_array_append_new(y, chart_number((double)all[place]));
    }
    page_chart(stream, "sizes", "Sizes of blocks",
               "Of the heap: as mallocs and reallocs asked for. Each column is up to the size "
               "written below it.");
    page_section_begin(stream, "sizes", "Sizes by site", "Each row adds up to 100 %.");
    write_sizes(study, range, stream);
    page_section_end(stream);
}
