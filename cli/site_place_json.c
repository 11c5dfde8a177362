/* SPDX-License-Identifier: MIT */
/* What is at a call site and where it is, as JSON. */
#include "cli/site_place_json.h"

#include "cli/json_value.h"

static json_t *whole_path(const struct source_frame *frame) {
    if (frame->file[0] == '/' || !frame->folder) {
        return value_text(frame->file);
    }
    json_t *path = json_sprintf("%s/%s", frame->folder, frame->file);
    return path ? path : json_null();
}

static json_t *describe_frame(const struct source_frame *frame) {
    json_t *described = json_object();
    json_object_set_new(described, "function", value_text(frame->function));
    json_object_set_new(described, "file", whole_path(frame));
    json_object_set_new(described, "line", value_count(frame->line));
    return described;
}

void site_place_add_json(json_t *object, struct source_reader *sources,
                         const struct snapshot_line *line) {
    struct source source = {.n_frames = 0};
    json_t *frames = json_array();
    if (sources) {
        source_find(sources, line, &source);
    }
    json_object_set_new(object, "what", value_text(line->what));
    json_object_set_new(object, "site", value_text(line->site));
    json_object_set_new(object, "image", value_text(line->image));
    json_object_set_new(object, "offset", line->image ? value_count(line->offset) : json_null());
    json_object_set_new(object, "build_id", value_text(line->build_id));
    json_object_set_new(object, "symbol", value_text(source.symbol));
    for (size_t i = 0; i < source.n_frames; i++) {
        json_array_append_new(frames, describe_frame(&source.frames[i]));
    }
    json_object_set_new(object, "lines", frames);
}
