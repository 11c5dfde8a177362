/* SPDX-License-Identifier: MIT */
/* pprof's profile.proto, in one pass: samples first, whose places and texts get numbers as they
 * come; then what those numbers stand for.
 *
 * Stacks, where there are any, are estimates; else each call site is a stack of one frame, and its
 * numbers are exact. Addresses are those of calls, a byte before the return address that records
 * have, as pprof has it of stacks that it recorded itself. */
#include "base/bits.h"
#include "base/utf8.h"
#include "export/export.h"
#include "export/gzip.h"
#include "export/intern.h"
#include "export/owner.h"
#include "export/protobuf.h"

#include <errno.h>
#include <string.h>

/* Numbers of fields, as profile.proto gives them. */
enum {
    PROFILE_SAMPLE_TYPE = 1,
    PROFILE_SAMPLE = 2,
    PROFILE_MAPPING = 3,
    PROFILE_LOCATION = 4,
    PROFILE_FUNCTION = 5,
    PROFILE_STRING = 6,
    PROFILE_TIME_NS = 9,
    PROFILE_PERIOD_TYPE = 11,
    PROFILE_PERIOD = 12,
    PROFILE_COMMENT = 13,
    PROFILE_DEFAULT_TYPE = 14,
    TYPE_TYPE = 1,
    TYPE_UNIT = 2,
    SAMPLE_LOCATION = 1,
    SAMPLE_VALUE = 2,
    SAMPLE_LABEL = 3,
    LABEL_KEY = 1,
    LABEL_TEXT = 2,
    MAPPING_ID = 1,
    MAPPING_START = 2,
    MAPPING_LIMIT = 3,
    MAPPING_FILE = 5,
    MAPPING_BUILD_ID = 6,
    MAPPING_HAS_FUNCTIONS = 7,
    LOCATION_ID = 1,
    LOCATION_MAPPING = 2,
    LOCATION_ADDRESS = 3,
    LOCATION_LINE = 4,
    LINE_FUNCTION = 1,
    FUNCTION_ID = 1,
    FUNCTION_NAME = 2,
    FUNCTION_SYSTEM_NAME = 3,
};

enum {
    FIXED_TEXTS = 16,    /* room for the words below */
    TEXTS_OF_SAMPLE = 3, /* component, type, pool */
    TEXTS_OF_IMAGE = 2,  /* path, build id */
};

struct profile {
    const struct snapshot *snapshot;
    struct gzip *gzip;
    struct intern texts, places, functions; /* numbers in the profile are one more, but texts' */
    struct export_code *codes;              /* of places */
    bool *lacks_function;                   /* of images: some place in it has no name */
    char comment[96];
};

static uint32_t text_number(struct profile *profile, const char *text) {
    return intern_number(&profile->texts, text, strlen(text));
}

static uint32_t part_number(struct profile *profile, const struct export_part *part) {
    return intern_number(&profile->texts, part->text, part->length);
}

static void write_message(struct profile *profile, unsigned field, const struct protobuf *inner) {
    struct protobuf head = {.n = 0};
    protobuf_head(&head, field, inner->n);
    gzip_add(profile->gzip, head.bytes, head.n);
    gzip_add(profile->gzip, inner->bytes, inner->n);
}

static void write_field(struct profile *profile, unsigned field, uint64_t value) {
    struct protobuf message = {.n = 0};
    protobuf_field(&message, field, value);
    gzip_add(profile->gzip, message.bytes, message.n);
}

static void write_type(struct profile *profile, unsigned field, const char *type,
                       const char *unit) {
    struct protobuf message = {.n = 0};
    protobuf_field(&message, TYPE_TYPE, text_number(profile, type));
    protobuf_field(&message, TYPE_UNIT, text_number(profile, unit));
    write_message(profile, field, &message);
}

/* ---- samples ------------------------------------------------------------------------------- */

/* The number of a place; `key` is where the snapshot has its address. */
static uint64_t place_number(struct profile *profile, const uint64_t *key,
                             const struct export_code *code) {
    size_t before = profile->places.n;
    uint32_t number = intern_number(&profile->places, key, sizeof *key);
    if (profile->places.n > before) {
        profile->codes[number] = *code;
        if (code->image >= 0 && code->function.length == 0) {
            profile->lacks_function[code->image] = true;
        }
    }
    return (uint64_t)number + 1;
}

static void add_label(struct profile *profile, struct protobuf *sample, const char *key,
                      const struct export_part *part) {
    if (part->length > 0) {
        struct protobuf label = {.n = 0};
        protobuf_field(&label, LABEL_KEY, text_number(profile, key));
        protobuf_field(&label, LABEL_TEXT, part_number(profile, part));
        protobuf_message(sample, SAMPLE_LABEL, &label);
    }
}

static void write_sample(struct profile *profile, const struct protobuf *places, uint64_t count,
                         uint64_t bytes, const struct export_owner *owner) {
    struct protobuf sample = {.n = 0}, values = {.n = 0};
    protobuf_message(&sample, SAMPLE_LOCATION, places);
    protobuf_number(&values, count);
    protobuf_number(&values, bytes);
    protobuf_message(&sample, SAMPLE_VALUE, &values);
    add_label(profile, &sample, "component", &owner->component);
    add_label(profile, &sample, "type", &owner->type);
    add_label(profile, &sample, "pool", &owner->pool);
    write_message(profile, PROFILE_SAMPLE, &sample);
}

static void write_group(struct profile *profile, const struct snapshot_group *group) {
    struct protobuf places = {.n = 0};
    struct export_owner owner;
    struct export_code code;
    export_owner_of(profile->snapshot, group->pool, group->account, group->what, &owner);
    export_code_of_group(profile->snapshot, group, &code);
    protobuf_number(&places, place_number(profile, &group->site, &code));
    write_sample(profile, &places, group->count, group->bytes, &owner);
}

static void write_stack(struct profile *profile, const struct snapshot_stack *stack) {
    struct protobuf places = {.n = 0};
    struct export_owner owner;
    export_owner_of(profile->snapshot, stack->pool, stack->account, stack->what, &owner);
    for (uint32_t i = 0; i < stack->n_frames && i < SNAPSHOT_FRAMES; i++) {
        struct export_code code;
        export_code_of_frame(profile->snapshot, stack->frames[i], &code);
        protobuf_number(&places, place_number(profile, &stack->frames[i], &code));
    }
    write_sample(profile, &places, stack->count, stack->bytes, &owner);
}

static bool has_stacks(const struct snapshot *snapshot) {
    return snapshot->has_stacks && snapshot->n_stacks > 0;
}

static void write_samples(struct profile *profile) {
    const struct snapshot *snapshot = profile->snapshot;
    bool are_stacks = has_stacks(snapshot);
    for (size_t i = 0; are_stacks && i < snapshot->n_stacks; i++) {
        write_stack(profile, &snapshot->stacks[i]);
    }
    for (size_t i = 0; !are_stacks && i < snapshot->n_groups; i++) {
        write_group(profile, &snapshot->groups[i]);
    }
}

/* ---- what their numbers stand for ---------------------------------------------------------- */

static void write_mappings(struct profile *profile) {
    for (size_t i = 0; i < profile->snapshot->n_images; i++) {
        const struct snapshot_image *image = &profile->snapshot->images[i];
        struct protobuf message = {.n = 0};
        protobuf_field(&message, MAPPING_ID, i + 1);
        protobuf_field(&message, MAPPING_START, image->start);
        protobuf_field(&message, MAPPING_LIMIT, image->end);
        protobuf_field(&message, MAPPING_FILE, text_number(profile, image->path));
        protobuf_field(&message, MAPPING_BUILD_ID, text_number(profile, image->build_id));
        protobuf_field(&message, MAPPING_HAS_FUNCTIONS, !profile->lacks_function[i]);
        write_message(profile, PROFILE_MAPPING, &message);
    }
}

static void write_places(struct profile *profile) {
    for (size_t i = 0; i < profile->places.n; i++) {
        const struct export_code *code = &profile->codes[i];
        struct protobuf message = {.n = 0};
        protobuf_field(&message, LOCATION_ID, i + 1);
        protobuf_field(&message, LOCATION_MAPPING, (uint64_t)(code->image + 1));
        protobuf_field(&message, LOCATION_ADDRESS, code->address > 0 ? code->address - 1 : 0);
        if (code->function.length > 0) {
            struct protobuf line = {.n = 0};
            uint32_t function = intern_number(&profile->functions, code->function.text,
                                              code->function.length);
            protobuf_field(&line, LINE_FUNCTION, (uint64_t)function + 1);
            protobuf_message(&message, LOCATION_LINE, &line);
        }
        write_message(profile, PROFILE_LOCATION, &message);
    }
}
_Static_assert(SNAPSHOT_NONE == -1, "no image is mapping 0");

static void write_functions(struct profile *profile) {
    for (size_t i = 0; i < profile->functions.n; i++) {
        const struct intern_entry *name = &profile->functions.entries[i];
        struct protobuf message = {.n = 0};
        uint32_t number = intern_number(&profile->texts, name->bytes, name->n);
        protobuf_field(&message, FUNCTION_ID, i + 1);
        protobuf_field(&message, FUNCTION_NAME, number);
        protobuf_field(&message, FUNCTION_SYSTEM_NAME, number);
        write_message(profile, PROFILE_FUNCTION, &message);
    }
}

/* The next piece of a text as UTF-8; how many of the text's bytes it stands for. */
static size_t next_piece(const char *text, struct export_part *ret) {
    size_t n = utf8_character(text);
    *ret = n > 0 ? (struct export_part){text, n}
                 : (struct export_part){UTF8_REPLACEMENT, sizeof UTF8_REPLACEMENT - 1};
    return n > 0 ? n : 1;
}

static void write_text(struct profile *profile, const char *text, size_t length) {
    struct protobuf head = {.n = 0};
    struct export_part piece;
    size_t bytes = 0;
    for (size_t at = 0; at < length;) {
        at += next_piece(text + at, &piece);
        bytes += piece.length;
    }
    protobuf_head(&head, PROFILE_STRING, bytes);
    gzip_add(profile->gzip, head.bytes, head.n);
    for (size_t at = 0; at < length;) {
        at += next_piece(text + at, &piece);
        gzip_add(profile->gzip, piece.text, piece.length);
    }
}

static void write_texts(struct profile *profile) {
    for (size_t i = 0; i < profile->texts.n; i++) {
        write_text(profile, profile->texts.entries[i].bytes, profile->texts.entries[i].n);
    }
}

/* ---- the whole ----------------------------------------------------------------------------- */

static void write_about(struct profile *profile) {
    const struct snapshot *snapshot = profile->snapshot;
    struct text comment;
    text_init(&comment, profile->comment, sizeof profile->comment);
    text_add(&comment, snapshot->program);
    text_add(&comment, " (pid ");
    text_add_signed(&comment, snapshot->pid);
    text_add(&comment, "), mempool ");
    text_add(&comment, snapshot->version);
    write_type(profile, PROFILE_SAMPLE_TYPE, "inuse_objects", "count");
    write_type(profile, PROFILE_SAMPLE_TYPE, "inuse_space", "bytes");
    write_field(profile, PROFILE_DEFAULT_TYPE, text_number(profile, "inuse_space"));
    write_field(profile, PROFILE_TIME_NS,
                (uint64_t)snapshot->taken_seconds * 1000000000 +
                    (uint64_t)snapshot->taken_microseconds * 1000);
    write_type(profile, PROFILE_PERIOD_TYPE, "space", "bytes");
    write_field(profile, PROFILE_PERIOD, has_stacks(snapshot) ? snapshot->sample_bytes : 1);
    write_field(profile, PROFILE_COMMENT, text_number(profile, profile->comment));
}

static bool begin_profile(struct profile *profile, struct view_memory *memory) {
    const struct snapshot *snapshot = profile->snapshot;
    size_t places = snapshot->n_groups, samples = snapshot->n_groups;
    if (has_stacks(snapshot)) {
        places = 0;
        samples = snapshot->n_stacks;
        for (size_t i = 0; i < snapshot->n_stacks; i++) {
            places += min_size(snapshot->stacks[i].n_frames, SNAPSHOT_FRAMES);
        }
    }
    size_t texts = FIXED_TEXTS + TEXTS_OF_SAMPLE * samples + TEXTS_OF_IMAGE * snapshot->n_images;
    profile->gzip = view_take(memory, sizeof *profile->gzip);
    profile->codes = view_take_array(memory, places, sizeof *profile->codes);
    profile->lacks_function = view_take_array(memory, snapshot->n_images,
                                              sizeof *profile->lacks_function);
    return profile->gzip != NULL && profile->codes != NULL && profile->lacks_function != NULL &&
           intern_begin(&profile->texts, memory, texts + places) &&
           intern_begin(&profile->places, memory, places) &&
           intern_begin(&profile->functions, memory, places);
}

void export_pprof(const struct snapshot *snapshot, struct export_output *output) {
    struct view_memory memory = {.left = 0};
    struct profile profile = {.snapshot = snapshot};
    if (begin_profile(&profile, &memory)) {
        gzip_begin(profile.gzip, output);
        (void)text_number(&profile, ""); /* the text of number 0 */
        write_about(&profile);
        write_samples(&profile);
        write_mappings(&profile);
        write_places(&profile);
        write_functions(&profile);
        write_texts(&profile);
        gzip_end(profile.gzip);
    } else if (output->result == 0) {
        output->result = -ENOMEM;
    }
    view_give_all(&memory);
}
