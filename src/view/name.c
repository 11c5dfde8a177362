/* SPDX-License-Identifier: MIT */
/* Names of components and accounts. */
#include "view/name.h"

#include "base/text.h"

#include <string.h>

enum { NAME_BYTES = 256 };

static void add_component(struct text *text, const struct snapshot *snapshot, int32_t component) {
    if (component < 0 || (size_t)component >= snapshot->n_components) {
        text_add(text, "?");
        return;
    }
    const struct snapshot_component *row = &snapshot->components[component];
    text_add(text, row->name);
    if (row->generation > 1) {
        text_add(text, "#");
        text_add_unsigned(text, row->generation);
    }
    text_add(text, row->ended ? " (ended)" : "");
}

const char *name_of_component(const struct snapshot *snapshot, int32_t component,
                              struct view_memory *memory) {
    char name[NAME_BYTES];
    struct text text;
    text_init(&text, name, sizeof name);
    add_component(&text, snapshot, component);
    return view_take_text(memory, name, text.length);
}

const char *name_of_account(const struct snapshot *snapshot, const struct snapshot_account *account,
                            struct view_memory *memory) {
    char name[NAME_BYTES];
    struct text text;
    text_init(&text, name, sizeof name);
    add_component(&text, snapshot, account->component);
    text_add(&text, ":");
    text_add(&text, account->type);
    return view_take_text(memory, name, text.length);
}
