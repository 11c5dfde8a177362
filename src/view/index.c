/* SPDX-License-Identifier: MIT */
/* An open hash table of addresses. */
#include "view/index.h"

#include "base/bits.h"
#include "base/hash.h"

enum { CAPACITY_MIN = 16, N_MIN = 256, CAPACITY_SHIFT_MAX = 32 };

static size_t place_of(const struct view_index *index, uint64_t key) {
    return (size_t)hash_of_key(key, index->entries) & (index->capacity - 1);
}

bool view_index_init(struct view_index *index, size_t n_max, struct view_memory *memory) {
    size_t capacity = CAPACITY_MIN;
    if (n_max > (size_t)1 << (CAPACITY_SHIFT_MAX - 2)) {
        return false;
    }
    while (capacity / 2 < n_max) {
        capacity *= 2;
    }
    index->entries = view_take_array(memory, capacity, sizeof index->entries[0]);
    index->capacity = capacity;
    index->n = 0;
    return index->entries != NULL;
}

bool view_index_add(struct view_index *index, uint64_t key, uint32_t value) {
    if (index->n >= index->capacity / 2) {
        return false;
    }
    size_t at = place_of(index, key);
    while (index->entries[at].value != 0) {
        at = (at + 1) & (index->capacity - 1);
    }
    index->entries[at] = (struct view_index_entry){key, value + 1};
    index->n++;
    return true;
}

bool view_index_add_growing(struct view_index *index, uint64_t key, uint32_t value,
                            struct view_memory *memory) {
    struct view_index before = *index;
    if (view_index_add(index, key, value)) {
        return true;
    }
    if (!view_index_init(index, max_size(2 * before.n, N_MIN), memory)) {
        *index = before;
        return false;
    }
    for (size_t i = 0; i < before.capacity; i++) {
        const struct view_index_entry *entry = &before.entries[i];
        if (entry->value != 0) {
            (void)view_index_add(index, entry->key, entry->value - 1);
        }
    }
    return view_index_add(index, key, value);
}

bool view_index_find(const struct view_index *index, uint64_t key, uint32_t *ret_value) {
    size_t at = place_of(index, key);
    if (index->capacity == 0) {
        return false;
    }
    for (; index->entries[at].value != 0; at = (at + 1) & (index->capacity - 1)) {
        if (index->entries[at].key == key) {
            *ret_value = index->entries[at].value - 1;
            return true;
        }
    }
    return false;
}
