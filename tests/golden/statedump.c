/* SPDX-License-Identifier: MIT */
/* A fixed history of pools, and the statedump it must give: statedump.txt, to the byte.
 *
 * usage: statedump EXPECTED-FILE. All pools have exactly `count` slots (or a heap beyond them), so
 * that each number follows from what is done here. */
#include "golden.h"

#include "check.h"
#include "pools.h"

#include <stdlib.h>
#include <string.h>

enum { N_OBJECTS = 64 };

static void *kept[N_OBJECTS]; /* live while the dump is written */
static size_t n_kept;

static struct mempool *make(const char *component, const char *name, size_t object_bytes,
                            size_t count, enum mempool_on_empty on_empty) {
    struct mempool_options options =
        NAMED_POOL_OPTIONS(name, .object_bytes = object_bytes, .count = count,
                           .on_empty = on_empty);
    options.component = component;
    return pool_of_options(&options);
}

/* Get n at once, then put them but for `n_to_keep`. */
static void use(struct mempool *pool, size_t n, size_t n_to_keep) {
    void *objects[N_OBJECTS];
    CHECK(n <= N_OBJECTS && n_kept + n_to_keep <= N_OBJECTS);
    for (size_t i = 0; i < n; i++) {
        objects[i] = mempool_get(pool);
        CHECK(objects[i] != NULL);
    }
    for (size_t i = n; i-- > n_to_keep;) {
        mempool_put(objects[i]);
    }
    memcpy(&kept[n_kept], objects, n_to_keep * sizeof objects[0]);
    n_kept += n_to_keep;
}

static void make_history(void) {
    make("posix", "idle", 100, 4, MEMPOOL_FAIL);
    struct mempool *full = make("posix", "struct frame", 64, 4, MEMPOOL_FAIL);
    use(full, 4, 4);
    CHECK(mempool_get(full) == NULL && mempool_get(full) == NULL && mempool_get(full) == NULL);
    struct mempool *gone = make("posix", "gone", 64, 4, MEMPOOL_FAIL);
    use(gone, 4, 0);
    CHECK(mempool_destroy(gone) == 0);
    struct mempool *seed = make("server", "inode", 176, 8, MEMPOOL_HEAP);
    use(seed, 20, 0);
    use(seed, 10, 9);
    struct mempool *page = make("io-cache", "page", 4096, 2, MEMPOOL_FAIL);
    for (int i = 0; i < 1000; i++) {
        use(page, 1, 0);
    }
    use(page, 1, 1);
    struct mempool *bare = make("dht", "bare", 1, 0, MEMPOOL_HEAP);
    use(bare, 3, 2);
}

int main(int argc, char **argv) {
    static char written[GOLDEN_TEXT_BYTES];
    CHECK(argc == 2);
    FILE *dump = tmpfile();
    CHECK(dump != NULL);
    make_history();
    CHECK(mempool_dump(fileno(dump)) == 0);
    mempool_put_bulk(kept, n_kept);
    rewind(dump);
    golden_read(dump, written);
    return golden_compare(argv[1], written);
}
