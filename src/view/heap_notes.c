/* SPDX-License-Identifier: MIT */
/* Chains of notes, read until they stood still. */
#include "view/heap_notes.h"

#include "base/bits.h"
#include "view/growing.h"

#include <errno.h>

enum {
    NOTES_MAX = 1 << 26,
    CHAIN_TRIES = 16, /* a chain is short: most are whole at the first */
};

struct chain {
    const struct layout *layout;
    struct view_memory *scratch;
    uint64_t bucket;
    struct growing notes; /* of one bucket: struct view_heap_note */
    size_t left;          /* so many more are believed */
};

static bool is_in(const struct chain *chain, uint64_t object) {
    unsigned bits = log2_ceiling(layout_number(chain->layout, NUMBER_heap_buckets));
    uint64_t hash = (object >> 4) * layout_number(chain->layout, NUMBER_heap_hash);
    return (bits == 0 ? 0 : hash >> (64 - bits)) == chain->bucket;
}

/* From its first note, as far as the numbers fall. -EAGAIN: it changed meanwhile. */
static int read_once(struct chain *chain, uint64_t at) {
    const struct layout *layout = chain->layout;
    char bytes[LAYOUT_STRUCT_BYTES_MAX];
    uint64_t above = UINT64_MAX;
    int result = 0;
    chain->notes.n = 0;
    while (result == 0 && at != 0) {
        /* N2 pairs with N1 in pool/heap.c: its address was read first */
        result = view_read(layout->source, at, bytes, layout->sizes[SIZE_heap_note]);
        if (result != 0) {
            return result;
        }
        uint64_t serial = layout_get(layout, bytes, FIELD_heap_note_serial);
        uint64_t object = layout_get(layout, bytes, FIELD_heap_note_object);
        if (serial == 0 || serial >= above || !is_in(chain, object)) {
            return -EAGAIN;
        }
        if (chain->notes.n == chain->left) {
            return -EBADMSG;
        }
        struct view_heap_note *note = growing_add(&chain->notes, chain->scratch);
        if (note == NULL) {
            return -ENOMEM;
        }
        note->object = object;
        note->record = layout_get(layout, bytes, FIELD_heap_note_record_value);
        note->pool = layout_get(layout, bytes, FIELD_heap_note_pool);
        above = serial;
        at = layout_get(layout, bytes, FIELD_heap_note_next);
    }
    return result;
}

/* `first`: what its head led to a while ago. */
static int read_chain(struct chain *chain, uint64_t head, uint64_t first) {
    int result = read_once(chain, first);
    /* What is no note any more may lead to where nothing is. */
    for (int i = 1; i < CHAIN_TRIES && (result == -EAGAIN || result == -EFAULT); i++) {
        result = view_read(chain->layout->source, head, &first, sizeof first);
        result = result != 0 ? result : read_once(chain, first);
    }
    return result == -EAGAIN ? 0 : result;
}

int view_each_heap_note(const struct layout *layout, struct view_memory *scratch,
                        int (*visit)(void *argument, const struct view_heap_note *note),
                        void *argument) {
    uint64_t n = layout_number(layout, NUMBER_heap_buckets), table;
    struct chain chain = {
        .layout = layout,
        .scratch = scratch,
        .notes = {.bytes = sizeof(struct view_heap_note)},
        .left = NOTES_MAX,
    };
    int result = layout_root(layout, ROOT_OF_heap_buckets, &table);
    if (result != 0 || table == 0) {
        return result;
    }
    uint64_t *firsts = view_take_array(scratch, n, sizeof firsts[0]);
    if (firsts == NULL) {
        return -ENOMEM;
    }
    /* All at once: a read may be a system call. */
    result = view_read(layout->source, table, firsts, n * sizeof firsts[0]);
    for (uint64_t i = 0; i < n && result == 0; i++) {
        const struct view_heap_note *notes;
        chain.bucket = i;
        result = read_chain(&chain, table + i * sizeof firsts[0], firsts[i]);
        notes = chain.notes.items;
        for (size_t k = 0; k < chain.notes.n && result == 0; k++) {
            result = visit(argument, &notes[k]);
        }
        chain.left -= chain.notes.n;
    }
    return result;
}
