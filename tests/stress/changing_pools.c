/* SPDX-License-Identifier: MIT */
/* Pools are listed, read and dumped while they end and others take their places: whatever is read
 * is one pool's, never parts of two. */
#include "check.h"
#include "pools.h"
#include "rng.h"
#include "scale.h"
#include "threads.h"

#include <mempool/misuse.h>

#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    N_CHANGERS = 2,
    N_ALIVE = 40,      /* pools of each changer */
    HANDLES_MAX = 128, /* of one list, which are looked at */
    OBJECTS_MAX = 100, /* that a pool ever has */
    N_CHANGES = 400,   /* long: places of pools that ended are used again after 256 others */
    DUMP_BYTES = 256 << 10,
};

/* All that stays the same of a pool follows from one of these. */
static const struct kind {
    const char *name;
    size_t object_bytes, count, limit;
    size_t n_objects; /* got once, at the beginning */
    unsigned flags;
} kinds[] = {
    {"test:a", 16, 0, 0, 1, MEMPOOL_UNCACHED},
    {"test:much longer, so that it is copied in more pieces than one", 4096, 3, 70, 20,
     MEMPOOL_UNCACHED},
    {"test:medium length", 208, 11, 1000, OBJECTS_MAX, 0},
};
enum { N_KINDS = sizeof kinds / sizeof kinds[0], COMPONENT_BYTES = sizeof "test:" - 1 };

static atomic_bool done;
static atomic_ulong n_changes;
static size_t n_read, n_gone;

static struct mempool *make_pool(struct rng *rng) {
    const struct kind *kind = &kinds[rng_below(rng, N_KINDS)];
    void *objects[OBJECTS_MAX];
    struct mempool *pool = pool_of_options(&NAMED_POOL_OPTIONS(
        kind->name + COMPONENT_BYTES, .object_bytes = kind->object_bytes, .count = kind->count,
        .limit = kind->limit, .flags = kind->flags));
    CHECK_EQUAL(mempool_get_bulk(pool, objects, kind->n_objects), kind->n_objects);
    mempool_put_bulk(objects, kind->n_objects);
    return pool;
}

static void *change(void *argument) {
    struct rng *rng = argument;
    struct mempool *pools[N_ALIVE] = {NULL};
    while (!atomic_load(&done)) {
        struct mempool **pool = &pools[rng_below(rng, N_ALIVE)];
        CHECK_EQUAL(mempool_destroy(*pool), 0);
        *pool = make_pool(rng);
        /* Relaxed: nothing else orders what the threads do here. */
        atomic_fetch_add_explicit(&n_changes, 1, memory_order_relaxed);
    }
    for (size_t i = 0; i < N_ALIVE; i++) {
        CHECK_EQUAL(mempool_destroy(pools[i]), 0);
    }
    return NULL;
}

static const struct kind *kind_named(const char *name, size_t length) {
    size_t i = 0;
    while (strlen(kinds[i].name) != length || memcmp(kinds[i].name, name, length) != 0) {
        i++;
        CHECK(i < N_KINDS);
    }
    return &kinds[i];
}

static void look_at(const struct mempool *pool) {
    struct mempool_stats stats = {.struct_size = sizeof stats};
    if (mempool_stats(pool, &stats) != 0) {
        n_gone++;
        return;
    }
    const struct kind *kind = kind_named(stats.name, strlen(stats.name));
    CHECK_EQUAL(stats.object_bytes, kind->object_bytes);
    CHECK_EQUAL(stats.padded_bytes, kind->object_bytes);
    CHECK_EQUAL(stats.count, kind->count);
    CHECK_EQUAL(stats.limit, kind->limit);
    if (kind->flags == MEMPOOL_UNCACHED) { /* counted one by one, under a lock */
        CHECK(stats.alloc_count <= kind->n_objects && stats.put_count <= kind->n_objects);
    }
    n_read++;
}

struct handles {
    struct mempool *pools[HANDLES_MAX];
    size_t n;
};

static int collect(struct mempool *pool, void *argument) {
    struct handles *handles = argument;
    handles->pools[handles->n++] = pool;
    return handles->n == HANDLES_MAX;
}

static unsigned long changes(void) {
    return atomic_load_explicit(&n_changes, memory_order_relaxed);
}

static void look_at_all(void) {
    struct handles handles = {.n = 0};
    size_t n = mempool_list(collect, &handles);
    CHECK_EQUAL(n, handles.n);
    for (unsigned long first = changes(); changes() - first < N_CHANGES;) {
        for (size_t i = 0; i < handles.n; i++) {
            look_at(handles.pools[i]);
        }
    }
}

/* Each pool's text tells one pool. */
static void dump_all(int fd, char *text) {
    static const char name_key[] = "\npool-name=", bytes_key[] = "\npadded_sizeof=";
    CHECK(lseek(fd, 0, SEEK_SET) == 0 && mempool_dump(fd) == 0);
    off_t bytes = lseek(fd, 0, SEEK_CUR);
    CHECK(bytes > 0 && bytes < DUMP_BYTES && pread(fd, text, (size_t)bytes, 0) == bytes);
    text[bytes] = '\0';
    for (char *at = text; (at = strstr(at, name_key)) != NULL;) {
        at += sizeof name_key - 1;
        const struct kind *kind = kind_named(at, strcspn(at, "\n"));
        at = strstr(at, bytes_key);
        CHECK(at != NULL);
        CHECK_EQUAL(strtoul(at + sizeof bytes_key - 1, NULL, 10), kind->object_bytes);
    }
}

int main(void) {
    uint64_t seed = rng_seed();
    watchdog_set(test_runtime_is_plain() ? 120 : 600);
    char path[] = "/tmp/mempool-test-XXXXXX";
    int fd = mkstemp(path);
    char *text = malloc(DUMP_BYTES);
    CHECK(fd >= 0 && unlink(path) == 0 && text != NULL);
    pthread_t changers[N_CHANGERS];
    struct rng rngs[N_CHANGERS];
    for (size_t i = 0; i < N_CHANGERS; i++) {
        rngs[i].state = seed + i;
        changers[i] = thread_start(change, &rngs[i]);
    }
    for (size_t round = test_scaled(60); round > 0; round--) {
        look_at_all();
        dump_all(fd, text);
    }
    atomic_store(&done, true);
    for (size_t i = 0; i < N_CHANGERS; i++) {
        thread_join(changers[i]);
    }
    printf("%zu times read, %zu times gone\n", n_read, n_gone);
    CHECK(n_read > 0 && mempool_list(collect, &(struct handles){.n = 0}) == 0);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 0);
    free(text);
    return 0;
}
