/* SPDX-License-Identifier: MIT */
/* The tables of pools, sites, leftovers and hand-overs. */
#include <inttypes.h>

#include "report/quantity.h"
#include "report/trace_parts.h"

enum {
    ROWS_MAX = 50,
};

static int crossed_share(const struct class_usage *usage) {
    return usage->puts > 0 ? (int)(usage->crossed * 1000 / usage->puts) : -1;
}

static double rate(const struct usage *usage, uint64_t n) {
    return usage->duration_ns > 0 ? (double)n * 1e9 / (double)usage->duration_ns : 0;
}

static void add_row(struct html_table *table, const struct trace_study *study, uint32_t class) {
    const struct trace_class *from = &study->trace->classes[class];
    const struct class_usage *of = &study->usage->classes[class];
    html_row(table);
    html_cell(table, from->name);
    if (from->is_site) {
        html_cell_bytes(table, of->gets > 0 ? (double)of->got_bytes / (double)of->gets : 0);
    } else {
        html_cell_bytes(table, from->object_bytes);
        html_cell_count(table, from->count);
    }
    html_cell_count(table, (int64_t)of->gets);
    html_cell_count(table, (int64_t)(rate(study->usage, of->gets) + 0.5));
    html_cell_count(table, (int64_t)of->median);
    html_cell_count(table, (int64_t)of->steady);
    html_cell_count(table, (int64_t)of->peak);
    html_cell_bytes(table, (double)of->peak_bytes);
    html_cell_duration(table, (double)duration_percentile(of->lifetimes, 50));
    html_cell_duration(table, (double)duration_percentile(of->lifetimes, 99));
    html_cell_share(table, crossed_share(of));
}

#define USE_COLUMNS                                                                                \
    {"per s", "over all of the time", false},                                                      \
        {"median live", "half of the time at most so many", false},                                \
        {"steady", "at most so many for 99 % of the time, and behind 99 % of the gets", false},    \
        {"peak", "most live at once", false}, {"peak bytes", NULL, false},                         \
        {"median life", "from get to put", false}, {"99 % life", NULL, false}, {                   \
        "crossed", "put by another thread than got it", false                                      \
    }

static void write_kind(const struct trace_study *study, FILE *stream, bool is_site) {
    static const struct html_column pools[] = {{"pool", NULL, true},
                                               {"object", NULL, false},
                                               {"count", "made ready, as asked for", false},
                                               {"gets", NULL, false},
                                               USE_COLUMNS};
    static const struct html_column sites[] = {{"component:type", NULL, true},
                                               {"mean size", NULL, false},
                                               {"mallocs", NULL, false},
                                               USE_COLUMNS};
    struct html_table table;
    uint32_t n = 0, n_used = 0;
    html_table_begin(&table, stream, is_site ? sites : pools, is_site ? 11 : 12, "rows",
                     is_site ? "Sites of the heap" : "Pools");
    for (uint32_t i = 0; i < study->trace->n_classes; i++) {
        uint32_t class = study->by_peak[i];
        if (study->trace->classes[class].is_site == is_site &&
            study->usage->classes[class].gets > 0) {
            n_used++;
            if (n < ROWS_MAX) {
                n++;
                add_row(&table, study, class);
            }
        }
    }
    html_table_end(&table);
    uint32_t n_all = is_site ? study->trace->n_sites : study->trace->n_pools;
    html_raw(stream, "<p class=\"note\">");
    html_format(stream, "%" PRIu32 " of %" PRIu32 " that were used; %" PRIu32 " never were.", n,
                n_used, n_all - n_used);
    html_raw(stream, "</p>\n");
}

void trace_part_classes(const struct trace_study *study, FILE *stream) {
    page_section_begin(stream, "use", "What was used",
                       "Most bytes at the peak first. Click a title to sort.");
    if (study->trace->n_pools > 0) {
        write_kind(study, stream, false);
    }
    if (study->trace->n_sites > 0) {
        write_kind(study, stream, true);
    }
    page_section_end(stream);
}

void trace_part_leftovers(const struct trace_study *study, FILE *stream) {
    static const struct html_column columns[] = {{"pool or site", NULL, true},
                                                 {"live", NULL, false},
                                                 {"bytes", NULL, false},
                                                 {"of its gets", NULL, false},
                                                 {"oldest", NULL, false}};
    struct html_table table;
    uint32_t n = 0;
    page_section_begin(stream, "leftovers", "Live at the end",
                       "What was not put when the trace ended: held on purpose, still in use, or "
                       "lost.");
    html_table_begin(&table, stream, columns, 5, "rows", "Leftovers");
    for (uint32_t i = 0; i < study->trace->n_classes && n < ROWS_MAX; i++) {
        uint32_t class = study->by_peak[i];
        const struct class_usage *of = &study->usage->classes[class];
        if (of->live == 0) {
            continue;
        }
        n++;
        html_row(&table);
        html_cell(&table, study->trace->classes[class].name);
        html_cell_count(&table, (int64_t)of->live);
        html_cell_bytes(&table, (double)of->live_bytes);
        html_cell_share(&table, (int)(of->live * 1000 / of->gets));
        html_cell_duration(&table, (double)of->oldest_ns);
    }
    html_table_end(&table);
    page_section_end(stream);
}

/* ---- hand-overs ---- */

static const char *thread_name(const struct trace_study *study, uint32_t place, char *text,
                               size_t bytes) {
    const struct flow *flow = study->flow;
    if (flow->has_rest && place + 1 == flow->n) {
        return "others";
    }
    snprintf(text, bytes, "%" PRIu32 " %s", flow->threads[place],
             study->trace->thread_names[flow->threads[place]]);
    return text;
}

static void write_flow_row(const struct trace_study *study, struct html_table *table,
                           uint32_t getter, uint64_t most) {
    const struct flow *flow = study->flow;
    char name[64], other[64], hint[256];
    html_row(table);
    const char *getter_name = thread_name(study, getter, name, sizeof(name));
    html_cell(table, getter_name);
    for (uint32_t putter = 0; putter < flow->n; putter++) {
        uint32_t row = flow->has_rest && getter + 1 == flow->n ? FLOW_THREADS : getter;
        uint32_t column = flow->has_rest && putter + 1 == flow->n ? FLOW_THREADS : putter;
        uint64_t n = flow->moved[row][column];
        if (n == 0) {
            html_cell_heat(table, 0, "", NULL);
            continue;
        }
        snprintf(hint, sizeof(hint), "%s objects: got by %s, put by %s",
                 quantity_count((int64_t)n).text, getter_name,
                 thread_name(study, putter, other, sizeof(other)));
        double share = (double)n / (double)most;
        const char *unit = n >= 1000000 ? "M" : n >= 1000 ? "k" : "";
        char text[32];
        snprintf(text, sizeof(text), "%.*f%s", n >= 1000 && n < 10000 ? 1 : 0,
                 n >= 1000000 ? (double)n / 1e6
                 : n >= 1000  ? (double)n / 1e3
                              : (double)n,
                 unit);
        html_cell_heat(table, 100 * share, text, hint);
    }
}

static uint64_t most_moved(const struct flow *flow) {
    uint64_t most = 1;
    for (size_t i = 0; i <= FLOW_THREADS; i++) {
        for (size_t k = 0; k <= FLOW_THREADS; k++) {
            most = flow->moved[i][k] > most ? flow->moved[i][k] : most;
        }
    }
    return most;
}

void trace_part_flow(const struct trace_study *study, FILE *stream) {
    struct html_column columns[FLOW_THREADS + 2] = {{"got by \\ put by", NULL, true}};
    char titles[FLOW_THREADS + 1][16], hints[FLOW_THREADS + 1][64];
    const struct flow *flow = study->flow;
    for (uint32_t place = 0; place < flow->n; place++) {
        bool is_rest = flow->has_rest && place + 1 == flow->n;
        snprintf(titles[place], sizeof(titles[place]), "%" PRIu32,
                 is_rest ? 0 : flow->threads[place]);
        const char *hint = thread_name(study, place, hints[place], sizeof(hints[place]));
        columns[place + 1] = (struct html_column){is_rest ? "others" : titles[place], hint, false};
    }
    struct html_table table;
    page_section_begin(stream, "flow", "From thread to thread",
                       "Which threads put or freed (columns) what others got (rows), busiest "
                       "threads first. On the diagonal, each its own: these need no lock.");
    html_table_begin(&table, stream, columns, flow->n + 1, "heatmap", "Objects and blocks");
    uint64_t most = most_moved(flow);
    for (uint32_t getter = 0; getter < flow->n; getter++) {
        write_flow_row(study, &table, getter, most);
    }
    html_table_end(&table);
    page_section_end(stream);
}
