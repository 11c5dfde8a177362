/* SPDX-License-Identifier: MIT */
/* Folded stacks: a line each, outermost first, as flame graphs are made of.
 *
 * What parts a line stands between semicolons, and its number behind the last blank: semicolons in
 * names become commas, and what is no UTF-8 becomes U+FFFD. */
#include "base/utf8.h"
#include "export/export.h"
#include "export/owner.h"

#include <string.h>

static const char unknown[] = "(unknown)";

static void add_part(struct export_output *output, const char *text, size_t length) {
    for (size_t at = 0; at < length;) {
        size_t n = utf8_character(text + at);
        if (n == 0) {
            export_text(output, UTF8_REPLACEMENT);
        } else if (text[at] == ';') {
            export_text(output, ",");
        } else {
            export_bytes(output, text + at, n);
        }
        at += n > 0 ? n : 1;
    }
}

static void add_owner(struct export_output *output, const struct snapshot *snapshot,
                      const struct export_owner *owner) {
    bool is_known = owner->component.length > 0;
    add_part(output, snapshot->program, strlen(snapshot->program));
    export_text(output, ";");
    add_part(output, is_known ? owner->component.text : unknown,
             is_known ? owner->component.length : sizeof unknown - 1);
    export_text(output, ";");
    add_part(output, owner->type.text, owner->type.length);
}

/* A function is one frame, whichever of its calls it was. */
static void add_frame(struct export_output *output, const struct export_code *code) {
    export_text(output, ";");
    if (code->function.length > 0) {
        add_part(output, code->function.text, code->function.length);
    } else if (code->symbol.length > 0) {
        add_part(output, code->symbol.text, code->symbol.length);
    } else if (code->address != 0) {
        export_hex(output, code->address);
    } else {
        export_text(output, unknown);
    }
}

static void add_value(struct export_output *output, uint64_t bytes) {
    export_text(output, " ");
    export_unsigned(output, bytes);
    export_text(output, "\n");
}

static void add_group(struct export_output *output, const struct snapshot *snapshot,
                      const struct snapshot_group *group) {
    struct export_owner owner;
    struct export_code code;
    export_owner_of(snapshot, group->pool, group->account, group->what, &owner);
    export_code_of_group(snapshot, group, &code);
    add_owner(output, snapshot, &owner);
    add_frame(output, &code);
    add_value(output, group->bytes);
}

static void add_stack(struct export_output *output, const struct snapshot *snapshot,
                      const struct snapshot_stack *stack) {
    struct export_owner owner;
    export_owner_of(snapshot, stack->pool, stack->account, stack->what, &owner);
    add_owner(output, snapshot, &owner);
    uint32_t n = stack->n_frames < SNAPSHOT_FRAMES ? stack->n_frames : SNAPSHOT_FRAMES;
    for (uint32_t i = n; i > 0; i--) {
        struct export_code code;
        export_code_of_frame(snapshot, stack->frames[i - 1], &code);
        add_frame(output, &code);
    }
    if (n == 0) {
        export_text(output, ";");
        export_text(output, unknown);
    }
    add_value(output, stack->bytes);
}

void export_folded(const struct snapshot *snapshot, struct export_output *output) {
    bool are_stacks = snapshot->has_stacks && snapshot->n_stacks > 0;
    for (size_t i = 0; are_stacks && i < snapshot->n_stacks; i++) {
        if (snapshot->stacks[i].bytes > 0) {
            add_stack(output, snapshot, &snapshot->stacks[i]);
        }
    }
    for (size_t i = 0; !are_stacks && i < snapshot->n_groups; i++) {
        if (snapshot->groups[i].bytes > 0) {
            add_group(output, snapshot, &snapshot->groups[i]);
        }
    }
}
