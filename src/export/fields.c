/* SPDX-License-Identifier: MIT */
/* The fields of a snapshot by name: the tables. */
#include "export/fields.h"

#include <stddef.h>
#include <string.h>

static const char *const source_words[] = {"process", "core", NULL};
const char *const field_pool_kinds[] = {"pool", "heap-class", "zombie", NULL};
static const char *const on_empty_words[] = {"grow", "fail", "heap", NULL};
_Static_assert(sizeof(enum snapshot_source) == 4 && sizeof(enum snapshot_pool_kind) == 4,
               "words are 32 bits");

#define NAMED(structure, name, kind, member)                                                       \
    { name, kind, offsetof(structure, member), NULL, 0, NULL, false }
#define PLAIN(structure, kind, member) NAMED(structure, #member, kind, member)
#define UNSIGNED(structure, member) PLAIN(structure, FIELD_UNSIGNED, member)
#define UNSIGNED_32(structure, member) PLAIN(structure, FIELD_UNSIGNED_32, member)
#define SIGNED(structure, member) PLAIN(structure, FIELD_SIGNED, member)
#define BOOLEAN(structure, member) PLAIN(structure, FIELD_BOOLEAN, member)
#define LATER_BOOLEAN(structure, member)                                                           \
    { #member, FIELD_BOOLEAN, offsetof(structure, member), NULL, 0, NULL, true }
#define LATER_ADDRESS(structure, member)                                                           \
    { #member, FIELD_ADDRESS, offsetof(structure, member), NULL, 0, NULL, true }
#define TEXT(structure, member) PLAIN(structure, FIELD_TEXT, member)
#define ADDRESS(structure, member) PLAIN(structure, FIELD_ADDRESS, member)
#define WORD(structure, member, words)                                                             \
    { #member, FIELD_WORD, offsetof(structure, member), words, 0, NULL, false }
#define INDEX(structure, member, of, name_key)                                                     \
    { #member, FIELD_INDEX, offsetof(structure, member), NULL, of, name_key, false }
#define FIELDS(table)                                                                              \
    { table, sizeof(table) / sizeof(table)[0] }

static const struct field snapshot_fields[] = {
    WORD(struct snapshot, source, source_words),
    SIGNED(struct snapshot, pid),
    TEXT(struct snapshot, program),
    NAMED(struct snapshot, "library_version", FIELD_TEXT, version),
    SIGNED(struct snapshot, taken_seconds),
    UNSIGNED_32(struct snapshot, taken_microseconds),
    UNSIGNED(struct snapshot, uptime_seconds),
    LATER_ADDRESS(struct snapshot, arena_start),
    UNSIGNED(struct snapshot, arena_bytes),
    UNSIGNED(struct snapshot, slabs_bytes),
    BOOLEAN(struct snapshot, has_groups),
    BOOLEAN(struct snapshot, has_stacks),
    LATER_BOOLEAN(struct snapshot, has_objects),
    UNSIGNED(struct snapshot, sample_bytes),
    UNSIGNED(struct snapshot, samples_dropped),
};

static const struct field pool_fields[] = {
    ADDRESS(struct snapshot_pool, address),
    UNSIGNED_32(struct snapshot_pool, number),
    UNSIGNED(struct snapshot_pool, serial),
    TEXT(struct snapshot_pool, name),
    INDEX(struct snapshot_pool, component, LIST_COMPONENTS, "component_name"),
    WORD(struct snapshot_pool, kind, field_pool_kinds),
    WORD(struct snapshot_pool, on_empty, on_empty_words),
    BOOLEAN(struct snapshot_pool, is_uncached),
    BOOLEAN(struct snapshot_pool, is_tight),
    BOOLEAN(struct snapshot_pool, has_constructor),
    UNSIGNED(struct snapshot_pool, object_bytes),
    UNSIGNED(struct snapshot_pool, padded_bytes),
    UNSIGNED(struct snapshot_pool, align),
    UNSIGNED(struct snapshot_pool, count),
    UNSIGNED(struct snapshot_pool, limit),
    UNSIGNED(struct snapshot_pool, hot),
    UNSIGNED(struct snapshot_pool, cold),
    UNSIGNED(struct snapshot_pool, alloc_count),
    UNSIGNED(struct snapshot_pool, put_count),
    UNSIGNED(struct snapshot_pool, refused),
    UNSIGNED(struct snapshot_pool, pool_misses),
    UNSIGNED(struct snapshot_pool, max_alloc),
    UNSIGNED(struct snapshot_pool, curr_stdalloc),
    UNSIGNED(struct snapshot_pool, max_stdalloc),
    UNSIGNED(struct snapshot_pool, slabs),
    UNSIGNED(struct snapshot_pool, slab_bytes),
    UNSIGNED(struct snapshot_pool, slots),
    UNSIGNED(struct snapshot_pool, cached),
    UNSIGNED(struct snapshot_pool, depot),
    UNSIGNED(struct snapshot_pool, caches),
    UNSIGNED(struct snapshot_pool, misuses),
    UNSIGNED_32(struct snapshot_pool, magazine_rounds),
};

static const struct field component_fields[] = {
    ADDRESS(struct snapshot_component, address),
    TEXT(struct snapshot_component, name),
    UNSIGNED_32(struct snapshot_component, generation),
    BOOLEAN(struct snapshot_component, ended),
    INDEX(struct snapshot_component, parent, LIST_COMPONENTS, "parent_name"),
    UNSIGNED(struct snapshot_component, live_bytes),
    UNSIGNED(struct snapshot_component, live_blocks),
    UNSIGNED(struct snapshot_component, pool_bytes),
    UNSIGNED(struct snapshot_component, charged_bytes),
    UNSIGNED(struct snapshot_component, soft_bytes),
    UNSIGNED(struct snapshot_component, hard_bytes),
    UNSIGNED(struct snapshot_component, refused),
};

static const struct field account_fields[] = {
    UNSIGNED_32(struct snapshot_account, number),
    INDEX(struct snapshot_account, component, LIST_COMPONENTS, "component_name"),
    TEXT(struct snapshot_account, type),
    UNSIGNED(struct snapshot_account, live_bytes),
    UNSIGNED(struct snapshot_account, live_blocks),
    UNSIGNED(struct snapshot_account, peak_bytes),
    UNSIGNED(struct snapshot_account, peak_blocks),
    UNSIGNED(struct snapshot_account, total_blocks),
    UNSIGNED(struct snapshot_account, total_frees),
};

static const struct field thread_fields[] = {
    UNSIGNED_32(struct snapshot_thread, number),
    SIGNED(struct snapshot_thread, id),
    TEXT(struct snapshot_thread, name),
    LATER_BOOLEAN(struct snapshot_thread, is_processor),
    SIGNED(struct snapshot_thread, attached_seconds),
    UNSIGNED(struct snapshot_thread, caches),
    UNSIGNED(struct snapshot_thread, cached_objects),
    UNSIGNED(struct snapshot_thread, cached_bytes),
    UNSIGNED(struct snapshot_thread, granted_bytes),
};

static const struct field misuse_fields[] = {
    TEXT(struct snapshot_misuse, kind),
    UNSIGNED(struct snapshot_misuse, count),
};

static const struct field group_fields[] = {
    INDEX(struct snapshot_group, pool, LIST_POOLS, NULL),
    INDEX(struct snapshot_group, account, LIST_ACCOUNTS, NULL),
    TEXT(struct snapshot_group, what),
    ADDRESS(struct snapshot_group, site),
    INDEX(struct snapshot_group, image, LIST_IMAGES, "image_path"),
    ADDRESS(struct snapshot_group, offset),
    TEXT(struct snapshot_group, symbol),
    UNSIGNED(struct snapshot_group, count),
    UNSIGNED(struct snapshot_group, bytes),
    SIGNED(struct snapshot_group, oldest_seconds),
    PLAIN(struct snapshot_group, FIELD_AGES, ages),
};

static const struct field stack_fields[] = {
    INDEX(struct snapshot_stack, pool, LIST_POOLS, NULL),
    INDEX(struct snapshot_stack, account, LIST_ACCOUNTS, NULL),
    TEXT(struct snapshot_stack, what),
    PLAIN(struct snapshot_stack, FIELD_FRAMES, frames),
    UNSIGNED(struct snapshot_stack, samples),
    UNSIGNED(struct snapshot_stack, count),
    UNSIGNED(struct snapshot_stack, bytes),
};

static const struct field image_fields[] = {
    TEXT(struct snapshot_image, path),
    TEXT(struct snapshot_image, build_id),
    ADDRESS(struct snapshot_image, start),
    ADDRESS(struct snapshot_image, end),
};

static const struct field symbol_fields[] = {
    ADDRESS(struct snapshot_symbol, address),
    INDEX(struct snapshot_symbol, image, LIST_IMAGES, "image_path"),
    ADDRESS(struct snapshot_symbol, offset),
    TEXT(struct snapshot_symbol, symbol),
};

static const struct field slab_fields[] = {
    INDEX(struct snapshot_slab, pool, LIST_POOLS, NULL),
    ADDRESS(struct snapshot_slab, address),
    UNSIGNED(struct snapshot_slab, bytes),
    UNSIGNED_32(struct snapshot_slab, slots),
    TEXT(struct snapshot_slab, records),
};

static const struct field heap_list_fields[] = {
    INDEX(struct snapshot_heap_list, pool, LIST_POOLS, NULL),
    UNSIGNED(struct snapshot_heap_list, count),
    TEXT(struct snapshot_heap_list, records),
};

static const struct field thread_note_fields[] = {
    UNSIGNED_32(struct snapshot_thread_note, number),
    SIGNED(struct snapshot_thread_note, id),
    TEXT(struct snapshot_thread_note, name),
    BOOLEAN(struct snapshot_thread_note, has_exited),
    SIGNED(struct snapshot_thread_note, attached_seconds),
};

static const struct field ledger_fields[] = {
    BOOLEAN(struct snapshot_ledger, is_known),     UNSIGNED(struct snapshot_ledger, resident),
    UNSIGNED(struct snapshot_ledger, live),        UNSIGNED(struct snapshot_ledger, padding),
    UNSIGNED(struct snapshot_ledger, cached),      UNSIGNED(struct snapshot_ledger, free),
    UNSIGNED(struct snapshot_ledger, untouched),   UNSIGNED(struct snapshot_ledger, records),
    UNSIGNED(struct snapshot_ledger, libc_heap),   UNSIGNED(struct snapshot_ledger, files),
    UNSIGNED(struct snapshot_ledger, stack),       UNSIGNED(struct snapshot_ledger, named),
    UNSIGNED(struct snapshot_ledger, unexplained),
};

const struct fields fields_of_snapshot = FIELDS(snapshot_fields);
const struct fields fields_of_ledger = FIELDS(ledger_fields);

#define LIST(member, structure, fields, name_offset)                                               \
    {                                                                                              \
#member, offsetof(struct snapshot, member), offsetof(struct snapshot, n_##member),         \
            sizeof(structure), name_offset, FIELDS(fields), false                                  \
    }
#define LATER_LIST(member, structure, fields)                                                      \
    {                                                                                              \
#member, offsetof(struct snapshot, member), offsetof(struct snapshot, n_##member),         \
            sizeof(structure), SIZE_MAX, FIELDS(fields), true                                      \
    }
const struct field_list field_lists[LISTS] = {
    [LIST_POOLS] =
        LIST(pools, struct snapshot_pool, pool_fields, offsetof(struct snapshot_pool, name)),
    [LIST_COMPONENTS] = LIST(components, struct snapshot_component, component_fields,
                             offsetof(struct snapshot_component, name)),
    [LIST_ACCOUNTS] = LIST(accounts, struct snapshot_account, account_fields, SIZE_MAX),
    [LIST_THREADS] = LIST(threads, struct snapshot_thread, thread_fields, SIZE_MAX),
    [LIST_MISUSES] = LIST(misuses, struct snapshot_misuse, misuse_fields, SIZE_MAX),
    [LIST_GROUPS] = LIST(groups, struct snapshot_group, group_fields, SIZE_MAX),
    [LIST_STACKS] = LIST(stacks, struct snapshot_stack, stack_fields, SIZE_MAX),
    [LIST_IMAGES] =
        LIST(images, struct snapshot_image, image_fields, offsetof(struct snapshot_image, path)),
    [LIST_SYMBOLS] = LIST(symbols, struct snapshot_symbol, symbol_fields, SIZE_MAX),
    [LIST_SLABS] = LATER_LIST(slabs, struct snapshot_slab, slab_fields),
    [LIST_HEAP_LISTS] = LATER_LIST(heap_lists, struct snapshot_heap_list, heap_list_fields),
    [LIST_SITES] = LATER_LIST(sites, struct snapshot_symbol, symbol_fields),
    [LIST_THREAD_NOTES] = LATER_LIST(thread_notes, struct snapshot_thread_note, thread_note_fields),
};

const void *field_items(const struct snapshot *snapshot, const struct field_list *list, size_t *n) {
    const void *items;
    memcpy(n, (const char *)snapshot + list->n_offset, sizeof *n);
    memcpy(&items, (const char *)snapshot + list->offset, sizeof items);
    return items;
}

const char *field_word(const char *const *words, uint32_t value) {
    for (uint32_t i = 0; words[i] != NULL; i++) {
        if (i == value) {
            return words[i];
        }
    }
    return "unknown";
}

int field_word_number(const char *const *words, const char *word) {
    int i = 0;
    for (; words[i] != NULL; i++) {
        if (strcmp(words[i], word) == 0) {
            return i;
        }
    }
    return strcmp(word, "unknown") == 0 ? i : -1;
}
