/* SPDX-License-Identifier: MIT */
/* gperftools' heap profile as text, which google-pprof reads, and `pprof` too: what is live, by
 * address, and where the images lie. What was ever allocated is not known by site: the columns for
 * that say what is live again. */
#include "base/text.h"
#include "export/export.h"

static void add_counts(struct export_output *output, uint64_t count, uint64_t bytes) {
    export_unsigned(output, count);
    export_text(output, ": ");
    export_unsigned(output, bytes);
    export_text(output, " [");
    export_unsigned(output, count);
    export_text(output, ": ");
    export_unsigned(output, bytes);
    export_text(output, "] @");
}

static void add_frame(struct export_output *output, uint64_t address) {
    export_text(output, " ");
    export_hex(output, address);
}

static void add_group(struct export_output *output, const struct snapshot_group *group) {
    add_counts(output, group->count, group->bytes);
    add_frame(output, group->site);
    export_text(output, "\n");
}

static void add_stack(struct export_output *output, const struct snapshot_stack *stack) {
    uint32_t n = stack->n_frames < SNAPSHOT_FRAMES ? stack->n_frames : SNAPSHOT_FRAMES;
    add_counts(output, stack->count, stack->bytes);
    for (uint32_t i = 0; i < n; i++) {
        add_frame(output, stack->frames[i]);
    }
    export_text(output, "\n");
}

/* In hexadecimal without 0x, as /proc/PID/maps has it. */
static void add_bare_hex(struct export_output *output, uint64_t value) {
    char number[32];
    struct text text;
    text_init(&text, number, sizeof number);
    text_add_hex(&text, value);
    export_text(output, number + 2);
}

static void add_image(struct export_output *output, const struct snapshot_image *image) {
    add_bare_hex(output, image->start);
    export_text(output, "-");
    add_bare_hex(output, image->end);
    export_text(output, " r-xp 00000000 00:00 0 ");
    export_text(output, image->path);
    export_text(output, "\n");
}

void export_heapprofile(const struct snapshot *snapshot, struct export_output *output) {
    bool are_stacks = snapshot->has_stacks && snapshot->n_stacks > 0;
    size_t n = are_stacks ? snapshot->n_stacks : snapshot->n_groups;
    uint64_t count = 0, bytes = 0;
    for (size_t i = 0; i < n; i++) {
        count += are_stacks ? snapshot->stacks[i].count : snapshot->groups[i].count;
        bytes += are_stacks ? snapshot->stacks[i].bytes : snapshot->groups[i].bytes;
    }
    export_text(output, "heap profile: ");
    add_counts(output, count, bytes);
    export_text(output, " heapprofile\n");
    for (size_t i = 0; i < n; i++) {
        if (are_stacks) {
            add_stack(output, &snapshot->stacks[i]);
        } else {
            add_group(output, &snapshot->groups[i]);
        }
    }
    export_text(output, "\nMAPPED_LIBRARIES:\n");
    for (size_t i = 0; i < snapshot->n_images; i++) {
        add_image(output, &snapshot->images[i]);
    }
}
