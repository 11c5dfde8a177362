/* SPDX-License-Identifier: MIT */
/* The fields of a snapshot by name: one table, from which JSON is written and read back.
 *
 *      snapshot --- fields of the process
 *               '-- lists (pools, components, ...) --- fields of each item
 *               '-- the ledger's fields
 *
 * Names are those of the structs in view/snapshot.h, but for `library_version`. They are for ever;
 * see docs/formats.md. */
#ifndef MEMPOOL_EXPORT_FIELDS_H
#define MEMPOOL_EXPORT_FIELDS_H

#include "view/snapshot.h"

enum field_kind {
    FIELD_UNSIGNED,    /* uint64_t */
    FIELD_UNSIGNED_32, /* uint32_t */
    FIELD_SIGNED,      /* int64_t */
    FIELD_BOOLEAN,
    FIELD_TEXT,
    FIELD_ADDRESS, /* uint64_t, in hexadecimal */
    FIELD_WORD,    /* 32 bits that stand for one of some words */
    FIELD_INDEX,   /* int32_t, of an item in a list; or SNAPSHOT_NONE */
    FIELD_AGES,    /* uint64_t[SNAPSHOT_AGES] */
    FIELD_FRAMES,  /* frames and n_frames of a stack */
};

enum fields_list {
    LIST_POOLS,
    LIST_COMPONENTS,
    LIST_ACCOUNTS,
    LIST_THREADS,
    LIST_MISUSES,
    LIST_GROUPS,
    LIST_STACKS,
    LIST_IMAGES,
    LIST_SYMBOLS,
    LIST_SLABS,
    LIST_HEAP_LISTS,
    LIST_SITES,
    LIST_THREAD_NOTES,
    LISTS
};

struct field {
    const char *key;
    enum field_kind kind;
    size_t offset;
    const char *const *words; /* of a word: ended by NULL */
    enum fields_list of;      /* of an index */
    const char *name_key;     /* of an index: under which its item's name is told; NULL: nowhere */
    bool is_later;            /* files of before it was thought of lack it: 0, false */
};

struct fields {
    const struct field *list;
    size_t n;
};

struct field_list {
    const char *key;
    size_t offset, n_offset; /* of the pointer to the first, and of the count, in the snapshot */
    size_t item_bytes;
    size_t name_offset; /* of an item's name; SIZE_MAX: it has none */
    struct fields item;
    bool is_later; /* files of before it was thought of lack it: it has no items */
};

extern const struct fields fields_of_snapshot, fields_of_ledger;
extern const struct field_list field_lists[LISTS];

/* The first item of a list, and how many there are. */
const void *field_items(const struct snapshot *snapshot, const struct field_list *list, size_t *n);
static inline const void *field_item(const struct field_list *list, const void *items, size_t i) {
    return (const char *)items + i * list->item_bytes;
}

/* Of a pool's kind; ended by NULL. */
extern const char *const field_pool_kinds[];
/* What 32 bits stand for; "unknown": for no word. And back: the number; that behind the last word
 * for "unknown"; -1: it is none of the words. */
const char *field_word(const char *const *words, uint32_t value);
int field_word_number(const char *const *words, const char *word);

#endif
