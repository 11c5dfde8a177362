/* SPDX-License-Identifier: MIT */
/* Call sites as JSON. */
#include <errno.h>

#include <jansson.h>

#include <mempool/mempool.h>

#include "cli/site_report.h"

/* A counter; those of jansson are signed. */
static json_t *count(uint64_t value) {
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

/* Names and paths are bytes; JSON is UTF-8: what is not, or is not known, becomes null. */
static json_t *text(const char *string) {
    json_t *made = string ? json_string(string) : NULL;
    return made ? made : json_null();
}

static void add_numbers(json_t *described, const struct site_report *report,
                        const struct snapshot_line *line) {
    if (report->n_snapshots == 1) {
        json_object_set_new(described, "bytes", count(line->bytes[0]));
        json_object_set_new(described, "count", count(line->count[0]));
        json_object_set_new(described, "oldest_seconds", count(line->oldest_seconds[0]));
        return;
    }
    json_object_set_new(described, "bytes", json_integer(site_growth(line->bytes)));
    json_object_set_new(described, "count", json_integer(site_growth(line->count)));
    json_object_set_new(described, "bytes_before", count(line->bytes[0]));
    json_object_set_new(described, "bytes_after", count(line->bytes[1]));
    json_object_set_new(described, "count_before", count(line->count[0]));
    json_object_set_new(described, "count_after", count(line->count[1]));
}

static json_t *whole_path(const struct source_frame *frame) {
    if (frame->file[0] == '/' || !frame->folder) {
        return text(frame->file);
    }
    json_t *path = json_sprintf("%s/%s", frame->folder, frame->file);
    return path ? path : json_null();
}

static json_t *describe_frame(const struct source_frame *frame) {
    json_t *described = json_object();
    json_object_set_new(described, "function", text(frame->function));
    json_object_set_new(described, "file", whole_path(frame));
    json_object_set_new(described, "line", count(frame->line));
    return described;
}

static json_t *describe_line(const struct site_report *report, const struct snapshot_line *line) {
    struct source source = {.n_frames = 0};
    json_t *described = json_object(), *frames = json_array();
    if (report->sources) {
        source_find(report->sources, line, &source);
    }
    add_numbers(described, report, line);
    json_object_set_new(described, "what", text(line->what));
    json_object_set_new(described, "site", text(line->site));
    json_object_set_new(described, "image", text(line->image));
    json_object_set_new(described, "offset", line->image ? count(line->offset) : json_null());
    json_object_set_new(described, "build_id", text(line->build_id));
    json_object_set_new(described, "symbol", text(source.symbol));
    for (size_t i = 0; i < source.n_frames; i++) {
        json_array_append_new(frames, describe_frame(&source.frames[i]));
    }
    json_object_set_new(described, "lines", frames);
    return described;
}

static json_t *describe(const struct site_report *report) {
    json_t *paths = json_array(), *sites = json_array(), *total = json_object();
    for (unsigned i = 0; i < report->n_snapshots; i++) {
        json_array_append_new(paths, text(report->paths[i]));
    }
    for (size_t i = 0; i < report->n_shown; i++) {
        json_array_append_new(sites, describe_line(report, &report->lines[i]));
    }
    add_numbers(total, report, &report->total);
    json_t *whole = json_object();
    json_object_set_new(whole, "version", json_string(mempool_version()));
    json_object_set_new(whole, "snapshots", paths);
    json_object_set_new(whole, "total", total);
    json_object_set_new(whole, "n_sites", count(report->n_lines));
    json_object_set_new(whole, "sites", sites);
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

bool site_report_has_json(void) {
    return true;
}
