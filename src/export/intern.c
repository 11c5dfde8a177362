/* SPDX-License-Identifier: MIT */
/* Numbers for pieces of bytes. */
#include "export/intern.h"

#include "base/bits.h"

#include <string.h>

bool intern_begin(struct intern *intern, struct view_memory *memory, size_t most) {
    if (most >= UINT32_MAX / 4) {
        return false;
    }
    size_t places = (size_t)1 << log2_ceiling(2 * most + 2);
    intern->n = 0;
    intern->mask = places - 1;
    intern->entries = view_take_array(memory, most + 1, sizeof *intern->entries);
    intern->places = view_take_array(memory, places, sizeof *intern->places);
    return intern->entries != NULL && intern->places != NULL;
}

/* FNV-1a (Fowler, Noll, Vo), 64 bits. */
static size_t hash_of(const unsigned char *bytes, size_t n) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < n; i++) {
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    }
    return (size_t)(hash ^ hash >> 32);
}

uint32_t intern_number(struct intern *intern, const void *bytes, size_t n) {
    for (size_t at = hash_of(bytes, n);; at++) {
        uint32_t *place = &intern->places[at & intern->mask];
        if (*place == 0) {
            intern->entries[intern->n] = (struct intern_entry){bytes, n};
            *place = (uint32_t)++intern->n;
            return *place - 1;
        }
        const struct intern_entry *entry = &intern->entries[*place - 1];
        if (entry->n == n && memcmp(entry->bytes, bytes, n) == 0) {
            return *place - 1;
        }
    }
}
