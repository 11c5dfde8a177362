/* SPDX-License-Identifier: MIT */
/* What is live, by address, while a recording is made a trace. */
#ifndef CLI_LIVE_TABLE_H
#define CLI_LIVE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum live_kind {
    LIVE_NONE = 0,
    LIVE_GOT,
    LIVE_BEFORE, /* got before the recording began */
    LIVE_MOVED,  /* a block that a realloc moved away; its put is still to come */
};

struct live {
    uint64_t address;
    uint32_t slot;
    uint16_t class;
    uint8_t kind; /* enum live_kind */
};

/* Open addressing, linear probing. Zero-filled, it is empty. */
struct live_table {
    struct live *entries;
    size_t capacity; /* a power of two, or 0 */
    size_t n;
};

/** live_find: the entry of an address, or NULL; good until the next change. */
struct live *live_find(const struct live_table *table, uint64_t address);

/** live_add: one more, of an address that has none; false: no memory. */
bool live_add(struct live_table *table, struct live live);

/** live_remove: an entry that live_find gave. */
void live_remove(struct live_table *table, struct live *live);

/** live_free: give it all back. */
void live_free(struct live_table *table);

#endif
