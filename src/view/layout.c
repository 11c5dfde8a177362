/* SPDX-License-Identifier: MIT */
/* Publications: checked, and looked up by name. */
#include "view/layout.h"

#include "base/text.h"
#include "sys/sys.h"

#include <errno.h>
#include <string.h>

int snapshot_fail(struct snapshot_error *error, int code, const char *what, const char *name) {
    struct text text;
    error->code = code;
    text_init(&text, error->text, sizeof error->text);
    text_add(&text, what);
    if (name != NULL) {
        text_add(&text, " ");
        text_add_escaped(&text, name, strlen(name));
    }
    return code;
}

/* FNV-1a, with the field of the sum itself as 0. */
static uint64_t checksum(const char *bytes, size_t n) {
    size_t skipped = offsetof(struct publication, checksum);
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < n; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        byte = i - skipped < sizeof(uint64_t) ? 0 : byte;
        hash = (hash ^ byte) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static int check_head(const struct publication *head, struct snapshot_error *error) {
    if (memcmp(head->magic, PUBLICATION_MAGIC, sizeof head->magic) != 0) {
        return snapshot_fail(error, -EBADMSG, "what is published is not the library's", NULL);
    }
    if (head->order != PUBLICATION_ORDER || head->pointer_bytes != sizeof(uint64_t)) {
        return snapshot_fail(error, -EBADMSG, "published by a machine of another kind", NULL);
    }
    if (head->major != PUBLICATION_MAJOR) {
        return snapshot_fail(error, -EBADMSG,
                             "published in a form that this version cannot read", NULL);
    }
    if (head->bytes < sizeof *head || head->bytes > PUBLICATION_BYTES) {
        return snapshot_fail(error, -EBADMSG, "the publication is damaged", NULL);
    }
    return 0;
}

/* n entries of so many bytes, at an offset, within the whole. */
static bool fits(const struct publication *head, uint32_t offset, uint32_t n, size_t bytes) {
    return offset >= sizeof *head && offset % sizeof(uint64_t) == 0 && offset <= head->bytes &&
           n <= (head->bytes - offset) / bytes;
}

static bool is_named(const char name[PUBLICATION_NAME_BYTES], const char *wanted) {
    return strncmp(name, wanted, PUBLICATION_NAME_BYTES) == 0;
}

static const struct publication_field *find_field(const struct layout *layout,
                                                  const char *structure, const char *field) {
    const struct publication_field *fields =
        (const struct publication_field *)(const void *)(layout->table + layout->head.fields);
    for (uint32_t i = 0; i < layout->head.n_fields; i++) {
        if (is_named(fields[i].structure, structure) && is_named(fields[i].field, field)) {
            return &fields[i];
        }
    }
    return NULL;
}

static const struct publication_number *numbers_of(const struct layout *layout) {
    return (const struct publication_number *)(const void *)(layout->table + layout->head.numbers);
}

static bool find_number(const struct layout *layout, const char *prefix, const char *name,
                        uint64_t *ret) {
    char wanted[PUBLICATION_NAME_BYTES];
    struct text text;
    text_init(&text, wanted, sizeof wanted);
    text_add(&text, prefix);
    text_add(&text, name);
    for (uint32_t i = 0; i < layout->head.n_numbers; i++) {
        if (is_named(numbers_of(layout)[i].name, wanted)) {
            *ret = numbers_of(layout)[i].value;
            return true;
        }
    }
    return false;
}

#define LAYOUT_NAME_STRUCT(structure) #structure,
#define LAYOUT_NAME_FIELD(structure, field) {#structure, #field},
#define LAYOUT_NAME(name) #name,
static const char *const struct_names[] = {LAYOUT_STRUCTS(LAYOUT_NAME_STRUCT)};
static const char *const field_names[][2] = {LAYOUT_FIELDS(LAYOUT_NAME_FIELD)};
static const char *const number_names[] = {LAYOUT_NUMBERS(LAYOUT_NAME)};
static const char *const root_names[] = {LAYOUT_ROOTS(LAYOUT_NAME)};

static int look_up_structs(struct layout *layout, struct snapshot_error *error) {
    for (size_t i = 0; i < LAYOUT_N_STRUCTS; i++) {
        const struct publication_field *found = find_field(layout, struct_names[i], "");
        if (found == NULL || found->bytes == 0 || found->bytes > LAYOUT_STRUCT_BYTES_MAX) {
            return snapshot_fail(error, -EBADMSG, "the publication lacks the size of",
                                 struct_names[i]);
        }
        layout->sizes[i] = found->bytes;
    }
    return 0;
}

/* So much of a struct is in the bytes that are read of it; `shape` lies in a depot. */
static uint32_t size_of(const struct layout *layout, const char *structure) {
    for (size_t i = 0; i < LAYOUT_N_STRUCTS; i++) {
        if (strcmp(struct_names[i], structure) == 0) {
            return layout->sizes[i];
        }
    }
    return LAYOUT_STRUCT_BYTES_MAX;
}

static int look_up_fields(struct layout *layout, struct snapshot_error *error) {
    for (size_t i = 0; i < LAYOUT_N_FIELDS; i++) {
        const char *structure = field_names[i][0];
        const struct publication_field *found = find_field(layout, structure, field_names[i][1]);
        uint32_t whole = size_of(layout, structure);
        if (found == NULL || found->offset > whole || found->bytes > whole - found->offset) {
            return snapshot_fail(error, -EBADMSG, "the publication lacks", field_names[i][1]);
        }
        layout->fields[i] = (struct layout_place){found->offset, found->bytes};
    }
    return 0;
}

/* Structs within structs end within them. */
static int check_inner(const struct layout *layout, struct snapshot_error *error) {
    const struct layout_place *depot = &layout->fields[FIELD_mempool_depot];
    const struct layout_place *shape = &layout->fields[FIELD_depot_shape];
    bool good = layout->sizes[SIZE_depot] <= depot->bytes;
    for (size_t i = 0; i < LAYOUT_N_FIELDS && good; i++) {
        const struct layout_place *place = &layout->fields[i];
        good = strcmp(field_names[i][0], "shape") != 0 ||
               (place->offset <= shape->bytes && place->bytes <= shape->bytes - place->offset);
    }
    return good ? 0 : snapshot_fail(error, -EBADMSG, "the publication is damaged", NULL);
}

static int look_up_numbers(struct layout *layout, struct snapshot_error *error) {
    for (size_t i = 0; i < LAYOUT_N_NUMBERS; i++) {
        if (!find_number(layout, "", number_names[i], &layout->numbers[i])) {
            return snapshot_fail(error, -EBADMSG, "the publication lacks", number_names[i]);
        }
    }
    for (size_t i = 0; i < LAYOUT_N_ROOTS; i++) {
        if (!find_number(layout, "root.", root_names[i], &layout->roots[i])) {
            return snapshot_fail(error, -EBADMSG, "the publication lacks the root of",
                                 root_names[i]);
        }
    }
    return 0;
}

/* Numbers that we divide by, shift by and multiply with. Tallies of all accounts, a piece of
 * 1 << place_shift each, are read at once. */
static int check_numbers(const struct layout *layout, struct snapshot_error *error) {
    static const enum layout_number shifts[] = {
        NUMBER_record_thread_shift, NUMBER_record_time_shift, NUMBER_record_site_shift,
        NUMBER_tag_bytes_shift,     NUMBER_room_bytes_shift,  NUMBER_room_blocks_shift,
        NUMBER_chunk_shift};
    const uint64_t *numbers = layout->numbers;
    bool good = numbers[NUMBER_pool_bytes] >= layout->sizes[SIZE_mempool] &&
                numbers[NUMBER_pool_bytes] <= LAYOUT_STRUCT_BYTES_MAX &&
                numbers[NUMBER_slab_bytes] >= layout->sizes[SIZE_slab] &&
                numbers[NUMBER_slab_bytes] <= LAYOUT_STRUCT_BYTES_MAX &&
                numbers[NUMBER_heap_table_bytes] <= (1 << 20) &&
                numbers[NUMBER_thread_numbers] <= (1 << 16) &&
                numbers[NUMBER_place_shift] <= LAYOUT_PLACE_SHIFT_MAX &&
                numbers[NUMBER_heap_buckets] > 1 && numbers[NUMBER_heap_buckets] <= (1 << 20) &&
                numbers[NUMBER_sample_one] > 0;
    for (size_t i = 0; i < sizeof shifts / sizeof shifts[0]; i++) {
        good = good && numbers[shifts[i]] < 64;
    }
    return good ? 0 : snapshot_fail(error, -EBADMSG, "the publication is damaged", NULL);
}

static void look_up_misuses(struct layout *layout) {
    static const char prefix[] = "misuse.";
    const struct publication_number *numbers = numbers_of(layout);
    for (uint32_t i = 0; i < layout->head.n_numbers; i++) {
        if (strncmp(numbers[i].name, prefix, sizeof prefix - 1) == 0 &&
            layout->n_misuses < LAYOUT_MISUSES_MAX) {
            struct layout_misuse *misuse = &layout->misuses[layout->n_misuses++];
            struct text text;
            text_init(&text, misuse->kind, sizeof misuse->kind);
            size_t n = strnlen(numbers[i].name, PUBLICATION_NAME_BYTES) - (sizeof prefix - 1);
            text_add_escaped(&text, numbers[i].name + sizeof prefix - 1, n);
            misuse->address = numbers[i].value;
        }
    }
}

/* The whole of it, once it is known how long it is. It is written again in the child of a fork, and
 * may be read in the middle of that: the sum tells, and it is read once more. */
static int read_table(struct layout *layout, struct view_source *source, struct view_memory *memory,
                      struct snapshot_error *error) {
    int result = -EBADMSG;
    layout->table = view_take(memory, PUBLICATION_BYTES);
    if (layout->table == NULL) {
        return snapshot_fail(error, -ENOMEM, "no memory", NULL);
    }
    for (int tries = 0; tries < 3 && result == -EBADMSG; tries++) {
        result = view_read(source, source->header, &layout->head, sizeof layout->head);
        if (result != 0) {
            return snapshot_fail(error, result, "the publication cannot be read", NULL);
        }
        result = check_head(&layout->head, error);
        if (result != 0) {
            return result;
        }
        result = view_read(source, source->header, layout->table, layout->head.bytes);
        if (result != 0) {
            return snapshot_fail(error, result, "the publication cannot be read", NULL);
        }
        memcpy(&layout->head, layout->table, sizeof layout->head);
        result = check_head(&layout->head, error);
        if (result == 0 && checksum(layout->table, layout->head.bytes) != layout->head.checksum) {
            result = snapshot_fail(error, -EBADMSG, "the publication is damaged", NULL);
        }
    }
    return result;
}

int layout_read(struct layout *layout, struct view_source *source, struct view_memory *memory,
                struct snapshot_error *error) {
    memset(layout, 0, sizeof *layout);
    layout->source = source;
    int result = read_table(layout, source, memory, error);
    const struct publication *head = &layout->head;
    if (result != 0) {
        return result;
    }
    if (!fits(head, head->fields, head->n_fields, sizeof(struct publication_field)) ||
        !fits(head, head->numbers, head->n_numbers, sizeof(struct publication_number)) ||
        !fits(head, head->ranges, head->n_ranges, sizeof(struct publication_range))) {
        return snapshot_fail(error, -EBADMSG, "the publication is damaged", NULL);
    }
    result = look_up_structs(layout, error);
    result = result != 0 ? result : look_up_fields(layout, error);
    result = result != 0 ? result : look_up_numbers(layout, error);
    result = result != 0 ? result : check_inner(layout, error);
    result = result != 0 ? result : check_numbers(layout, error);
    if (result == 0) {
        layout->ranges = (const struct publication_range *)(const void *)(layout->table +
                                                                          head->ranges);
        layout->n_ranges = head->n_ranges;
        look_up_misuses(layout);
    }
    return result;
}

const struct publication_range *layout_range(const struct layout *layout, const char *name) {
    for (size_t i = 0; i < layout->n_ranges; i++) {
        if (is_named(layout->ranges[i].name, name)) {
            return &layout->ranges[i];
        }
    }
    return NULL;
}

int layout_root(const struct layout *layout, enum layout_root root, uint64_t *ret) {
    return view_read(layout->source, layout->roots[root], ret, sizeof *ret);
}

int layout_seconds(const struct layout *layout, uint64_t *ret) {
    uint64_t seconds, start_ms, now_ms = sys_operations.clock_ms();
    int result = layout_root(layout, ROOT_OF_seconds, &seconds);
    result = result != 0 ? result : layout_root(layout, ROOT_OF_start_ms, &start_ms);
    if (result != 0) {
        return result;
    }
    if (layout->source->kind == SNAPSHOT_OF_PROCESS && start_ms <= now_ms) {
        uint64_t now = (now_ms - start_ms) / 1000 + 1;
        seconds = now > seconds ? now : seconds;
    }
    *ret = seconds;
    return 0;
}

uint64_t layout_get(const struct layout *layout, const char *bytes, enum layout_field field) {
    const struct layout_place *place = &layout->fields[field];
    uint64_t value = 0;
    uint32_t narrow;
    uint16_t half;
    switch (place->bytes) {
    case sizeof value:
        memcpy(&value, bytes + place->offset, sizeof value);
        return value;
    case sizeof narrow:
        memcpy(&narrow, bytes + place->offset, sizeof narrow);
        return narrow;
    case sizeof half:
        memcpy(&half, bytes + place->offset, sizeof half);
        return half;
    case 1:
        return (unsigned char)bytes[place->offset];
    default:
        return 0; /* no number of ours */
    }
}

const char *layout_text(const struct layout *layout, const char *bytes, enum layout_field field,
                        struct view_memory *memory) {
    const struct layout_place *place = &layout->fields[field];
    return view_take_text(memory, bytes + place->offset, place->bytes);
}
