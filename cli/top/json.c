/* SPDX-License-Identifier: MIT */
/* A frame as JSON. */
#include "cli/top/json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

static json_t *count(double value) {
    return isnan(value) ? json_null() : json_integer((json_int_t)value);
}

static json_t *real(double value) {
    return isnan(value) ? json_null() : json_real(value);
}

/* Names are bytes, and JSON is UTF-8: where it is none, other bytes become '?'. */
static json_t *text(const char *string) {
    json_t *made = json_string(string);
    char *copy = made ? NULL : strdup(string);
    for (char *byte = copy; byte && *byte; byte++) {
        *byte = (unsigned char)*byte < 0x80 ? *byte : '?';
    }
    made = copy ? json_string(copy) : made;
    free(copy);
    return made;
}

static json_t *value_of(const struct top_row *row, enum top_column column) {
    switch (top_columns_known[column].kind) {
    case TOP_KIND_TEXT:
        return text(column == TOP_NAME ? row->name : row->place);
    case TOP_KIND_RATE:
    case TOP_KIND_SHARE:
        return real(row->values[column]);
    default:
        return count(row->values[column]);
    }
}

/* What names the thing for good, beside its name. */
static void add_identity(json_t *made, const struct top_scene *scene, const struct top_row *row) {
    const struct top_model *model = scene->model;
    switch (scene->state->view) {
    case TOP_POOLS:
        json_object_set_new(made, "number", json_integer(model->now->pools[row->index].number));
        json_object_set_new(made, "serial",
                            json_integer((json_int_t)model->now->pools[row->index].serial));
        break;
    case TOP_COMPONENTS:
        json_object_set_new(made, "generation",
                            json_integer(model->now->components[row->index].generation));
        json_object_set_new(made, "depth", json_integer(row->depth));
        break;
    case TOP_ACCOUNTS:
        json_object_set_new(made, "number", json_integer(model->now->accounts[row->index].number));
        break;
    default:
        break;
    }
}

static json_t *row_object(const struct top_scene *scene, const struct top_row *row) {
    const struct top_view_kind *kind = &top_views_known[scene->state->view];
    json_t *made = json_object();
    for (size_t i = 0; i < kind->n_columns; i++) {
        const struct top_column_kind *column = &top_columns_known[kind->columns[i]];
        if (column->kind != TOP_KIND_SPARK) {
            json_object_set_new(made, column->member, value_of(row, kind->columns[i]));
        }
    }
    add_identity(made, scene, row);
    return made;
}

static void add_process(json_t *frame, const struct top_scene *scene) {
    const struct top_model *model = scene->model;
    const struct snapshot *now = model->now;
    double taken = (double)now->taken_seconds + now->taken_microseconds / 1e6;
    json_object_set_new(frame, "pid", json_integer(now->pid));
    json_object_set_new(frame, "program", text(now->program));
    json_object_set_new(frame, "taken_seconds", json_real(taken));
    json_object_set_new(frame, "uptime_seconds", json_integer((json_int_t)now->uptime_seconds));
    json_object_set_new(frame, "live", count(model->totals.live));
    json_object_set_new(frame, "live_bytes", count(model->totals.bytes));
    json_object_set_new(frame, "growth_bytes",
                        count(model->is_still ? NAN : top_track_growth(model->whole)));
    json_object_set_new(frame, "cached_bytes", count(model->totals.cached_bytes));
    json_object_set_new(frame, "slabs_bytes", json_integer((json_int_t)now->slabs_bytes));
    json_object_set_new(frame, "resident_bytes",
                        count(model->ledger.is_known ? (double)model->ledger.resident : NAN));
    json_object_set_new(frame, "n_pools", json_integer((json_int_t)model->totals.pools));
    json_object_set_new(frame, "n_threads", json_integer((json_int_t)now->n_running));
    json_object_set_new(frame, "misuses", json_integer((json_int_t)model->totals.misuses));
}

int top_json_print(const struct top_scene *scene, unsigned number, size_t n_rows, FILE *stream) {
    json_t *frame = json_object(), *rows = json_array();
    json_object_set_new(frame, "frame", json_integer(number));
    add_process(frame, scene);
    json_object_set_new(frame, "view", json_string(top_views_known[scene->state->view].word));
    json_object_set_new(frame, "n_rows", json_integer((json_int_t)scene->rows->n));
    for (size_t i = 0; i < n_rows && i < scene->rows->n; i++) {
        json_array_append_new(rows, row_object(scene, &scene->rows->at[i]));
    }
    int result = json_object_set_new(frame, "rows", rows) == 0 ? 0 : -ENOMEM;
    if (result == 0 && json_dumpf(frame, stream, JSON_COMPACT | JSON_REAL_PRECISION(12)) != 0) {
        result = ferror(stream) ? 0 : -ENOMEM; /* who flushes tells of errors of writing */
    }
    fputc('\n', stream);
    json_decref(frame);
    return result;
}
