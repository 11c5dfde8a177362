/* SPDX-License-Identifier: MIT */
/* The report about a trace. */
#include "report/trace_page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/advice_part.h"
#include "report/quantity.h"
#include "report/trace_parts.h"

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

/* A class with what it is ordered by. */
struct ranked {
    uint64_t weight;
    uint32_t class;
};

static int by_weight(const void *left, const void *right) {
    const struct ranked *a = left, *b = right;
    int order = (a->weight < b->weight) - (a->weight > b->weight);
    return order ? order : (a->class > b->class) - (a->class < b->class);
}

static uint32_t *rank(struct trace_study *study, uint64_t (*weight)(const struct class_usage *)) {
    uint32_t n = study->trace->n_classes;
    uint32_t *order = replay_memory_take(&study->memory, n, sizeof(*order));
    struct ranked *ranked = replay_memory_take(&study->memory, n, sizeof(*ranked));
    if (!order || !ranked) {
        return NULL;
    }
    for (uint32_t class = 0; class < n; class ++) {
        ranked[class] = (struct ranked){weight(&study->usage->classes[class]), class};
    }
    if (n > 0) {
        qsort(ranked, n, sizeof(ranked[0]), by_weight);
    }
    for (uint32_t i = 0; i < n; i++) {
        order[i] = ranked[i].class;
    }
    return order;
}

static uint64_t peak_bytes(const struct class_usage *usage) {
    return usage->peak_bytes;
}

static uint64_t puts_of(const struct class_usage *usage) {
    return usage->puts;
}

static int study_trace(struct trace_study *study, const struct trace *trace) {
    study->trace = trace;
    study->usage = usage_of_trace(trace);
    study->magazines = magazines_of_trace(trace);
    if (!study->usage || !study->magazines) {
        return -ENOMEM;
    }
    study->advice = advice_of_trace(study->usage, study->magazines);
    study->flow = flow_of_trace(study->usage);
    study->by_peak = rank(study, peak_bytes);
    study->by_puts = rank(study, puts_of);
    if (!study->advice || !study->flow || !study->by_peak || !study->by_puts ||
        tracks_of_classes(&study->classes, study->usage, &study->memory) != 0 ||
        tracks_of_components(&study->components, study->usage, &study->memory) != 0) {
        return -ENOMEM;
    }
    study->timeline = timeline_of_trace(study->usage, &study->classes, &study->components);
    return study->timeline ? 0 : -ENOMEM;
}

static void forget(struct trace_study *study) {
    timeline_free(study->timeline);
    flow_free(study->flow);
    advice_free(study->advice);
    magazines_free(study->magazines);
    usage_free(study->usage);
    replay_memory_release(&study->memory);
}

static void write_tiles(const struct trace_study *study, FILE *stream) {
    const struct trace *trace = study->trace;
    const struct usage *usage = study->usage;
    char events[96], objects[96], left[96], kinds[96];
    struct quantity duration = quantity_duration((double)usage->duration_ns);
    struct quantity pairs = quantity_count((int64_t)trace_pairs(trace));
    struct quantity peak = quantity_bytes((double)trace->peak_live_bytes);
    struct quantity at_end = quantity_count(trace->live_at_end);
    struct quantity crossed =
        quantity_share(usage->puts > 0 ? (unsigned)(usage->crossed * 1000 / usage->puts) : 0);
    struct quantity classes = quantity_count(trace->n_classes);
    snprintf(events, sizeof(events), "%s events", quantity_count(trace->n_events).text);
    snprintf(objects, sizeof(objects), "at most %s objects and blocks",
             quantity_count(trace->peak_live_objects).text);
    snprintf(left, sizeof(left), "of %s", pairs.text);
    snprintf(kinds, sizeof(kinds), "%u pools, %u heap sites", trace->n_pools, trace->n_sites);
    struct page_tile tiles[] = {
        {"Time", duration.text, events},
        {"Gets and mallocs", pairs.text, "by all threads"},
        {"Most bytes live", peak.text, objects},
        {"Live at the end", at_end.text, left},
        {"Put by another thread", crossed.text, "than got the object"},
        {"Pools and sites", classes.text, kinds},
    };
    page_tiles(stream, tiles, sizeof(tiles) / sizeof(tiles[0]));
}

static void write_about(const struct trace_study *study, FILE *stream) {
    static const struct html_column columns[] = {{"", NULL, true}, {"", NULL, true}};
    struct html_table table;
    const struct trace *trace = study->trace;
    if (trace->n_infos == 0) {
        return;
    }
    page_section_begin(stream, "about", "About the trace", NULL);
    html_table_begin(&table, stream, columns, 2, "about", "As its header says");
    for (uint32_t i = 0; i < trace->n_infos && i < 40; i++) {
        html_row(&table);
        html_cell(&table, trace->infos[i].key);
        html_cell(&table, trace->infos[i].text);
    }
    html_table_end(&table);
    page_section_end(stream);
}

static int write_parts(const struct trace_study *study, FILE *stream) {
    struct charts charts;
    charts_begin(&charts, false);
    page_begin(stream, base_name(study->trace->path),
               "What a program's pools were used for, as "
               "recorded in a trace");
    write_tiles(study, stream);
    trace_part_live(study, &charts, stream);
    trace_part_rates(study, &charts, stream);
    trace_part_classes(study, stream);
    advice_part(study->advice, stream);
    trace_part_lifetimes(study, &charts, stream);
    trace_part_sizes(study, &charts, stream);
    trace_part_flow(study, stream);
    trace_part_leftovers(study, stream);
    write_about(study, stream);
    int result = page_end(stream, &charts);
    charts_end(&charts);
    return result;
}

int trace_page_write(const struct trace *trace, FILE *stream) {
    struct trace_study study = {.trace = NULL};
    int result = study_trace(&study, trace);
    if (result == 0) {
        result = write_parts(&study, stream);
    }
    forget(&study);
    return result;
}
