/* SPDX-License-Identifier: MIT */
/* Call sites as JSON. */
#include <errno.h>

#include <jansson.h>

#include <mempool/mempool.h>

#include "cli/growth.h"
#include "cli/json_value.h"
#include "cli/site_place_json.h"
#include "cli/site_report.h"

static void add_numbers(json_t *described, const struct site_report *report,
                        const struct snapshot_line *line) {
    if (report->n_snapshots == 1) {
        json_object_set_new(described, "bytes", value_count(line->bytes[0]));
        json_object_set_new(described, "count", value_count(line->count[0]));
        json_object_set_new(described, "oldest_seconds", value_count(line->oldest_seconds[0]));
        return;
    }
    json_object_set_new(described, "bytes", json_integer(site_growth(line->bytes)));
    json_object_set_new(described, "count", json_integer(site_growth(line->count)));
    json_object_set_new(described, "bytes_before", value_count(line->bytes[0]));
    json_object_set_new(described, "bytes_after", value_count(line->bytes[1]));
    json_object_set_new(described, "count_before", value_count(line->count[0]));
    json_object_set_new(described, "count_after", value_count(line->count[1]));
}

static json_t *describe_line(const struct site_report *report, const struct snapshot_line *line) {
    json_t *described = json_object();
    add_numbers(described, report, line);
    site_place_add_json(described, report->sources, line);
    return described;
}

static json_t *describe(const struct site_report *report) {
    json_t *paths = json_array(), *sites = json_array(), *total = json_object();
    for (unsigned i = 0; i < report->n_snapshots; i++) {
        json_array_append_new(paths, value_text(report->paths[i]));
    }
    for (size_t i = 0; i < report->n_shown; i++) {
        json_array_append_new(sites, describe_line(report, &report->lines[i]));
    }
    add_numbers(total, report, &report->total);
    json_t *whole = json_object();
    json_object_set_new(whole, "version", json_string(mempool_version()));
    json_object_set_new(whole, "snapshots", paths);
    json_object_set_new(whole, "total", total);
    json_object_set_new(whole, "n_sites", value_count(report->n_lines));
    json_object_set_new(whole, "sites", sites);
    if (report->snapshots[0] && report->snapshots[1]) {
        growth_add_json(whole, report->snapshots);
    }
    return whole;
}

int site_report_json(const struct site_report *report, FILE *stream) {
    json_t *whole = describe(report);
    if (!whole) {
        return -ENOMEM;
    }
    int result = json_dumpf(whole, stream, JSON_INDENT(2));
    json_decref(whole);
    fputc('\n', stream);
    return result == 0 ? 0 : -EIO;
}
