/* SPDX-License-Identifier: MIT */
/* A snapshot as JSON: a line for each item, so that two of them can be compared by line.
 *
 * Integers that a reader's 64-bit signed ones cannot hold are strings of digits. Names that belong
 * to indices, and what derive.h makes, are told for readers; inspect/file.h leaves them aside. */
#include "export/derive.h"
#include "export/export.h"
#include "export/fields.h"

#include <string.h>

static void add_key(struct export_output *output, const char *key) {
    export_quoted(output, key);
    export_text(output, ": ");
}

static void add_unsigned(struct export_output *output, uint64_t value) {
    const char *quote = value > INT64_MAX ? "\"" : "";
    export_text(output, quote);
    export_unsigned(output, value);
    export_text(output, quote);
}

static void add_address(struct export_output *output, uint64_t address) {
    export_text(output, "\"");
    export_hex(output, address);
    export_text(output, "\"");
}

static void add_ages(struct export_output *output, const uint64_t *ages) {
    for (size_t i = 0; i < SNAPSHOT_AGES; i++) {
        export_text(output, i == 0 ? "[" : ", ");
        add_unsigned(output, ages[i]);
    }
    export_text(output, "]");
}

static void add_frames(struct export_output *output, const struct snapshot_stack *stack) {
    export_text(output, "[");
    for (size_t i = 0; i < stack->n_frames && i < SNAPSHOT_FRAMES; i++) {
        export_text(output, i == 0 ? "" : ", ");
        add_address(output, stack->frames[i]);
    }
    export_text(output, "]");
}

/* The number of an item, and its name under a key of its own; null: none. */
static void add_index(const struct snapshot *snapshot, struct export_output *output,
                      const struct field *field, int32_t index) {
    const struct field_list *list = &field_lists[field->of];
    size_t n;
    const void *items = field_items(snapshot, list, &n);
    const char *name = NULL;
    if (index >= 0 && (size_t)index < n) {
        export_unsigned(output, (uint64_t)index);
        if (field->name_key != NULL) {
            const char *item = field_item(list, items, (size_t)index);
            memcpy(&name, item + list->name_offset, sizeof name);
        }
    } else {
        export_text(output, "null");
    }
    if (field->name_key != NULL) {
        export_text(output, ", ");
        add_key(output, field->name_key);
        if (name != NULL) {
            export_quoted(output, name);
        } else {
            export_text(output, "null");
        }
    }
}

static uint64_t read_64(const char *at) {
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static uint32_t read_32(const char *at) {
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static void add_text_at(struct export_output *output, const char *at) {
    const char *text;
    memcpy(&text, at, sizeof text);
    export_quoted(output, text);
}

static void add_value(const struct snapshot *snapshot, struct export_output *output,
                      const struct field *field, const void *item) {
    const char *at = (const char *)item + field->offset;
    switch (field->kind) {
    case FIELD_UNSIGNED:
        add_unsigned(output, read_64(at));
        break;
    case FIELD_UNSIGNED_32:
        export_unsigned(output, read_32(at));
        break;
    case FIELD_SIGNED:
        export_signed(output, (int64_t)read_64(at));
        break;
    case FIELD_BOOLEAN:
        export_text(output, *(const bool *)at ? "true" : "false");
        break;
    case FIELD_TEXT:
        add_text_at(output, at);
        break;
    case FIELD_ADDRESS:
        add_address(output, read_64(at));
        break;
    case FIELD_WORD:
        export_quoted(output, field_word(field->words, read_32(at)));
        break;
    case FIELD_INDEX:
        add_index(snapshot, output, field, (int32_t)read_32(at));
        break;
    case FIELD_AGES:
        add_ages(output, (const uint64_t *)(const void *)at);
        break;
    case FIELD_FRAMES:
        add_frames(output, item);
        break;
    }
}

static void add_fields(const struct snapshot *snapshot, struct export_output *output,
                       const struct fields *fields, const void *item, const char *separator) {
    for (size_t i = 0; i < fields->n; i++) {
        export_text(output, i == 0 ? "" : separator);
        add_key(output, fields->list[i].key);
        add_value(snapshot, output, &fields->list[i], item);
    }
}

static void add_derived(const struct snapshot *snapshot, struct export_output *output,
                        const struct snapshot_pool *pool) {
    export_text(output, ", \"type\": ");
    export_quoted(output, derive_type(snapshot, pool));
    export_text(output, ", \"live_objects\": ");
    add_unsigned(output, derive_live_objects(pool));
    export_text(output, ", \"live_bytes\": ");
    add_unsigned(output, derive_live_bytes(pool));
}

static void add_list(const struct snapshot *snapshot, struct export_output *output,
                     const struct field_list *list) {
    size_t n;
    const void *items = field_items(snapshot, list, &n);
    export_text(output, ",\n  ");
    add_key(output, list->key);
    export_text(output, "[");
    for (size_t i = 0; i < n; i++) {
        const void *item = field_item(list, items, i);
        export_text(output, i == 0 ? "\n    {" : ",\n    {");
        add_fields(snapshot, output, &list->item, item, ", ");
        if (list == &field_lists[LIST_POOLS]) {
            add_derived(snapshot, output, item);
        }
        export_text(output, "}");
    }
    export_text(output, n > 0 ? "\n  ]" : "]");
}

void export_json(const struct snapshot *snapshot, struct export_output *output) {
    export_text(output, "{\n  \"format\": \"mempool-snapshot\",\n  \"version\": 1,\n  ");
    add_fields(snapshot, output, &fields_of_snapshot, snapshot, ",\n  ");
    export_text(output, ",\n  \"age_limits_seconds\": [");
    for (size_t i = 0; i < SNAPSHOT_AGES - 1; i++) {
        export_text(output, i == 0 ? "" : ", ");
        export_signed(output, snapshot_age_limits[i]);
    }
    export_text(output, "]");
    for (size_t i = 0; i < LISTS; i++) {
        add_list(snapshot, output, &field_lists[i]);
    }
    export_text(output, ",\n  \"ledger\": {");
    add_fields(snapshot, output, &fields_of_ledger, &snapshot->ledger, ", ");
    export_text(output, "}\n}\n");
}
