/* SPDX-License-Identifier: MIT */
/* Random snapshots as JSON and back: the same bytes again, and the same numbers. */
#include "export/fields.h"
#include "rng.h"
#include "sample.h"
#include "saved.h"

#include "view/slots.h"

enum { ROUNDS = 200, ITEMS_MAX = 12, TEXT_MAX = 24, SLOTS_MOST = 50, SLAB_BYTES = 1 << 16 };

/* ---- random snapshots ------------------------------------------------------------------------ */

/* Small ones, large ones, and those at the edges. */
static uint64_t random_number(struct rng *rng) {
    static const uint64_t edges[] = {
        0, 1, INT32_MAX, UINT32_MAX, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX};
    if (rng_chance(rng, 30)) {
        return edges[rng_below(rng, sizeof edges / sizeof edges[0])];
    }
    return rng_next(rng) >> rng_below(rng, 64);
}

static const char *random_text(struct snapshot *snapshot, struct rng *rng) {
    static const char *const parts[] = {"a",
                                        "Z9",
                                        ":",
                                        ";",
                                        "\"",
                                        "\\",
                                        "/",
                                        "\xc3\xa4",
                                        "\n",
                                        "\xe2\x82\xac",
                                        "\xf0\x9f\x98\x80",
                                        "\xff",
                                        "\xc3",
                                        "\x7f",
                                        "\xed\xa0\x80",
                                        "\xe0\x80\x80",
                                        "\\u0000",
                                        "{",
                                        "%s"};
    char text[TEXT_MAX * 8] = "";
    for (uint64_t n = rng_below(rng, TEXT_MAX); n > 0; n--) {
        strcat(text, parts[rng_below(rng, sizeof parts / sizeof parts[0])]);
    }
    const char *taken = view_take_text(&snapshot->memory, text, sizeof text);
    CHECK(taken != NULL);
    return taken;
}

static int32_t random_index(const struct snapshot *snapshot, const struct field *field, size_t item,
                            struct rng *rng) {
    size_t n;
    (void)field_items(snapshot, &field_lists[field->of], &n);
    if (strcmp(field->key, "parent") == 0) {
        n = item; /* those before it */
    }
    return n == 0 || rng_chance(rng, 20) ? SNAPSHOT_NONE : (int32_t)rng_below(rng, n);
}

static uint32_t random_word(const struct field *field, struct rng *rng) {
    uint32_t n = 0;
    while (field->words[n] != NULL) {
        n++;
    }
    return (uint32_t)rng_below(rng, n + 1); /* also the one without a word */
}

static void fill_long(const struct field *field, void *item, char *at, struct rng *rng) {
    uint64_t *numbers = (uint64_t *)(void *)at;
    size_t n = SNAPSHOT_AGES;
    if (field->kind == FIELD_FRAMES) {
        struct snapshot_stack *stack = item;
        n = rng_below(rng, SNAPSHOT_FRAMES + 1);
        stack->n_frames = (uint32_t)n;
    }
    for (size_t i = 0; i < n; i++) {
        numbers[i] = random_number(rng);
    }
}

static void fill(struct snapshot *snapshot, const struct field *field, void *start, size_t item,
                 struct rng *rng) {
    char *at = (char *)start + field->offset;
    uint64_t number = random_number(rng);
    uint32_t word = (uint32_t)number;
    const char *text;
    switch (field->kind) {
    case FIELD_BOOLEAN:
        *(bool *)at = rng_chance(rng, 50);
        break;
    case FIELD_TEXT:
        text = random_text(snapshot, rng);
        memcpy(at, &text, sizeof text);
        break;
    case FIELD_AGES:
    case FIELD_FRAMES:
        fill_long(field, start, at, rng);
        break;
    case FIELD_WORD:
        word = random_word(field, rng);
        memcpy(at, &word, sizeof word);
        break;
    case FIELD_INDEX:
        word = (uint32_t)random_index(snapshot, field, item, rng);
        memcpy(at, &word, sizeof word);
        break;
    case FIELD_UNSIGNED_32:
        memcpy(at, &word, sizeof word);
        break;
    default:
        memcpy(at, &number, sizeof number);
        break;
    }
}

static void fill_all(struct snapshot *snapshot, const struct fields *fields, void *start,
                     size_t item, struct rng *rng) {
    for (size_t i = 0; i < fields->n; i++) {
        fill(snapshot, &fields->list[i], start, item, rng);
    }
}

/* ---- objects --------------------------------------------------------------------------------- */

static struct slot_past random_past(struct snapshot *snapshot, struct rng *rng) {
    size_t n_notes = snapshot->n_thread_notes;
    return (struct slot_past){
        .site = (uint32_t)rng_below(rng, snapshot->n_sites + 1),
        .thread = n_notes > 0 ? snapshot->thread_notes[rng_below(rng, n_notes)].number : 0,
        .age = (uint32_t)rng_below(rng, SLOTS_AGES + 1),
    };
}

static const char *random_records(struct snapshot *snapshot, struct rng *rng, size_t n,
                                  bool is_heap) {
    struct slots_writer writer = {.scratch = &snapshot->memory};
    CHECK(slots_begin(&writer, n));
    for (size_t i = 0; i < n; i++) {
        struct slot_past past = random_past(snapshot, rng);
        uint64_t state = rng_below(rng, SLOT_STATES);
        if (is_heap || state == SLOT_LIVE) {
            past.account = (uint32_t)rng_below(rng, snapshot->n_accounts + 1);
            past.bytes = random_number(rng);
        }
        if (is_heap) {
            slots_add_at(&writer, rng_below(rng, INT64_MAX / SLOTS_MOST), &past);
        } else {
            const struct slot_past none = {.site = 0};
            slots_add(&writer, (enum slot_state)state, state == SLOT_VIRGIN ? &none : &past);
        }
    }
    return slots_end(&writer, &snapshot->memory);
}

static void make_objects_sound(struct snapshot *snapshot, struct rng *rng) {
    snapshot->arena_start = 0x7f0000000000;
    snapshot->arena_bytes = ITEMS_MAX * SLAB_BYTES;
    if (snapshot->n_pools == 0) {
        snapshot->n_slabs = snapshot->n_heap_lists = 0;
    }
    for (size_t i = 0; i < snapshot->n_pools; i++) {
        snapshot->pools[i].padded_bytes = SLAB_BYTES / SLOTS_MOST;
    }
    for (size_t i = 0; i < snapshot->n_thread_notes; i++) {
        snapshot->thread_notes[i].number = (uint32_t)(3 * i + 1);
    }
    for (size_t i = 0; i < snapshot->n_slabs; i++) {
        struct snapshot_slab *slab = &snapshot->slabs[i];
        slab->pool = (int32_t)rng_below(rng, snapshot->n_pools);
        slab->address = snapshot->arena_start + i * SLAB_BYTES;
        slab->bytes = SLAB_BYTES;
        slab->slots = (uint32_t)rng_below(rng, SLOTS_MOST + 1);
        slab->records = random_records(snapshot, rng, slab->slots, false);
    }
    for (size_t i = 0; i < snapshot->n_heap_lists; i++) {
        struct snapshot_heap_list *list = &snapshot->heap_lists[i];
        list->pool = (int32_t)rng_below(rng, snapshot->n_pools);
        list->count = rng_below(rng, SLOTS_MOST + 1);
        list->records = random_records(snapshot, rng, list->count, true);
    }
}

/* What a reader insists on. */
static void make_sound(struct snapshot *snapshot, struct rng *rng) {
    snapshot->taken_microseconds %= 1000000;
    for (size_t i = 0; i < snapshot->n_accounts; i++) {
        snapshot->accounts[i].component = 0;
    }
    for (size_t i = 0; i < snapshot->n_symbols; i++) {
        snapshot->symbols[i].address = i * 4096;
    }
    if (snapshot->has_objects) {
        make_objects_sound(snapshot, rng);
    }
}

static struct snapshot *random_snapshot(struct rng *rng) {
    struct snapshot *snapshot = snapshot_new();
    CHECK(snapshot != NULL);
    for (size_t i = 0; i < LISTS; i++) {
        const struct field_list *list = &field_lists[i];
        size_t n = rng_below(rng, ITEMS_MAX) + (i == LIST_COMPONENTS);
        void *items = view_take_array(&snapshot->memory, n, list->item_bytes);
        CHECK(items != NULL);
        memcpy((char *)snapshot + list->offset, &items, sizeof items);
        memcpy((char *)snapshot + list->n_offset, &n, sizeof n);
    }
    for (size_t i = 0; i < LISTS; i++) {
        const struct field_list *list = &field_lists[i];
        char *items;
        size_t n;
        (void)field_items(snapshot, list, &n);
        memcpy(&items, (char *)snapshot + list->offset, sizeof items);
        for (size_t k = 0; k < n; k++) {
            fill_all(snapshot, &list->item, items + k * list->item_bytes, k, rng);
        }
    }
    fill_all(snapshot, &fields_of_snapshot, snapshot, 0, rng);
    fill_all(snapshot, &fields_of_ledger, &snapshot->ledger, 0, rng);
    make_sound(snapshot, rng);
    return snapshot;
}

/* ---- the same again -------------------------------------------------------------------------- */

static size_t field_bytes(const struct field *field) {
    static const size_t bytes[] = {
        [FIELD_UNSIGNED] = 8,
        [FIELD_UNSIGNED_32] = 4,
        [FIELD_SIGNED] = 8,
        [FIELD_BOOLEAN] = sizeof(bool),
        [FIELD_ADDRESS] = 8,
        [FIELD_WORD] = 4,
        [FIELD_INDEX] = 4,
        [FIELD_AGES] = 8 * SNAPSHOT_AGES,
        [FIELD_FRAMES] = sizeof(((struct snapshot_stack *)0)->frames),
        [FIELD_TEXT] = 0, /* pointers: the JSON tells whether they are the same */
    };
    return bytes[field->kind];
}

static void check_same(const struct fields *fields, const void *before, const void *after) {
    for (size_t i = 0; i < fields->n; i++) {
        const struct field *field = &fields->list[i];
        CHECK(memcmp((const char *)before + field->offset, (const char *)after + field->offset,
                     field_bytes(field)) == 0);
    }
}

static void check_all_same(const struct snapshot *before, const struct snapshot *after) {
    check_same(&fields_of_snapshot, before, after);
    check_same(&fields_of_ledger, &before->ledger, &after->ledger);
    for (size_t i = 0; i < LISTS; i++) {
        const struct field_list *list = &field_lists[i];
        size_t n_before, n_after;
        const void *items_before = field_items(before, list, &n_before);
        const void *items_after = field_items(after, list, &n_after);
        CHECK_EQUAL(n_before, n_after);
        for (size_t k = 0; k < n_before; k++) {
            check_same(&list->item, field_item(list, items_before, k),
                       field_item(list, items_after, k));
        }
    }
}

static void check_round_trip(struct snapshot *before) {
    struct snapshot *after = NULL;
    struct snapshot_error error = {.text = ""};
    struct saved first = saved_json(before);
    if (saved_read(first.text, first.length, &after, &error) != 0) {
        printf("%s\n%s\n", error.text, first.text);
        CHECK(after != NULL);
    }
    struct saved second = saved_json(after);
    CHECK_EQUAL(first.length, second.length);
    CHECK(memcmp(first.text, second.text, first.length) == 0);
    check_all_same(before, after);
    for (size_t i = 0; i < before->n_stacks; i++) {
        CHECK_EQUAL(before->stacks[i].n_frames, after->stacks[i].n_frames);
    }
    free(first.text);
    free(second.text);
    snapshot_free(before);
    snapshot_free(after);
}

int main(void) {
    struct rng rng = {.state = rng_seed()};
    check_round_trip(snapshot_new());
    check_round_trip(sample_snapshot());
    check_round_trip(sample_core());
    for (int round = 0; round < ROUNDS; round++) {
        check_round_trip(random_snapshot(&rng));
    }
    return 0;
}
