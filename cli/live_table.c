/* SPDX-License-Identifier: MIT */
/* What is live, by address. */
#include "cli/live_table.h"

#include "base/hash.h"

#include <stdlib.h>

enum { CAPACITY_FIRST = 1024 };

static size_t place_of(const struct live_table *table, uint64_t address) {
    return (size_t)hash_of_key(address, table->entries) & (table->capacity - 1);
}

static size_t next_place(const struct live_table *table, size_t place) {
    return (place + 1) & (table->capacity - 1);
}

struct live *live_find(const struct live_table *table, uint64_t address) {
    if (table->capacity == 0) {
        return NULL;
    }
    size_t place = place_of(table, address);
    while (table->entries[place].kind != LIVE_NONE) {
        if (table->entries[place].address == address) {
            return &table->entries[place];
        }
        place = next_place(table, place);
    }
    return NULL;
}

static void insert(struct live_table *table, struct live live) {
    size_t place = place_of(table, live.address);
    while (table->entries[place].kind != LIVE_NONE) {
        place = next_place(table, place);
    }
    table->entries[place] = live;
    table->n++;
}

static bool grow(struct live_table *table) {
    size_t capacity = table->capacity != 0 ? table->capacity * 2 : CAPACITY_FIRST;
    struct live_table larger = {.entries = calloc(capacity, sizeof *larger.entries),
                                .capacity = capacity};
    if (larger.entries == NULL) {
        return false;
    }
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->entries[i].kind != LIVE_NONE) {
            insert(&larger, table->entries[i]);
        }
    }
    free(table->entries);
    *table = larger;
    return true;
}

bool live_add(struct live_table *table, struct live live) {
    /* At most half full. */
    if (2 * (table->n + 1) > table->capacity && !grow(table)) {
        return false;
    }
    insert(table, live);
    return true;
}

/* What lies behind in the same run moves up, where it may (Knuth, 6.4, algorithm R). */
void live_remove(struct live_table *table, struct live *live) {
    size_t hole = (size_t)(live - table->entries);
    size_t at = hole;
    for (;;) {
        at = next_place(table, at);
        if (table->entries[at].kind == LIVE_NONE) {
            break;
        }
        size_t home = place_of(table, table->entries[at].address);
        bool between = hole <= at ? hole < home && home <= at : hole < home || home <= at;
        if (!between) {
            table->entries[hole] = table->entries[at];
            hole = at;
        }
    }
    table->entries[hole].kind = LIVE_NONE;
    table->n--;
}

void live_free(struct live_table *table) {
    free(table->entries);
    *table = (struct live_table){.n = 0};
}
