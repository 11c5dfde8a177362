/* SPDX-License-Identifier: MIT */
/* A plug-in that uses pools: the only thing in its process that links the library. */
#include <mempool/mempool.h>

#include <stdint.h>
#include <string.h>

enum { OBJECTS = 200, ROUNDS = 500, OBJECT_BYTES = 48 };

struct plugin_object {
    unsigned char bytes[OBJECT_BYTES];
};

int plugin_begin(void);
int plugin_use(int seed);
size_t plugin_end(void);

static struct mempool *pool;

/* Once per load, before any use. */
int plugin_begin(void) {
    pool = mempool_new(struct plugin_object, 100);
    return pool ? 0 : -1;
}

static int fill(struct plugin_object **objects, int seed) {
    for (int i = 0; i < OBJECTS; i++) {
        objects[i] = mempool_get(pool);
        if (!objects[i]) {
            return -1;
        }
        memset(objects[i]->bytes, (unsigned char)(seed + i), OBJECT_BYTES);
    }
    return 0;
}

static int check_and_put(struct plugin_object **objects, int seed) {
    int wrong = 0;
    for (int i = 0; i < OBJECTS; i++) {
        for (int byte = 0; byte < OBJECT_BYTES; byte++) {
            wrong += objects[i]->bytes[byte] != (unsigned char)(seed + i);
        }
        wrong += mempool_of(objects[i]) != pool;
        mempool_put(objects[i]);
    }
    return wrong;
}

/* Any thread, any number at once: get many, see that nobody else writes to them, put them. */
int plugin_use(int seed) {
    struct plugin_object *objects[OBJECTS];
    int wrong = 0;
    for (int round = 0; round < ROUNDS && wrong == 0; round++) {
        if (fill(objects, seed + round) != 0) {
            return -1;
        }
        wrong = check_and_put(objects, seed + round);
    }
    return wrong;
}

/* Before each unload: how many objects are live, or SIZE_MAX where the books do not close. */
size_t plugin_end(void) {
    struct mempool_stats stats;
    memset(&stats, 0, sizeof stats);
    stats.struct_size = sizeof stats;
    if (mempool_stats(pool, &stats) != 0 || stats.alloc_count != stats.put_count) {
        return SIZE_MAX;
    }
    return mempool_destroy(pool);
}
