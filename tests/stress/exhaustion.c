/* SPDX-License-Identifier: MIT */
/* Memory runs out: gets return NULL and ENOMEM, objects that are out stay intact, and everything
 * works again when memory comes back.
 *
 * usage: exhaustion address-space|data
 * `address-space` limits the whole address space before the library is first used (RLIMIT_AS);
 * `data` limits writable memory while it is in use (RLIMIT_DATA), and raises that limit again. */
#include "check.h"
#include "pools.h"
#include "resident.h"
#include "scale.h"
#include "stamp.h"

#include <mempool/misuse.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

enum { OBJECT_BYTES = 4096, LARGE_BYTES = 100000, MIB = 1 << 20 };

/* More than the limits below leave room for. */
enum { N_OBJECTS_MAX = (1 << 30) / OBJECT_BYTES };

static void **objects; /* mapped before memory runs short */

static void set_limit(int resource, rlim_t bytes) {
    struct rlimit limit;
    CHECK(getrlimit(resource, &limit) == 0);
    limit.rlim_cur = bytes;
    CHECK(setrlimit(resource, &limit) == 0);
}

/* Whether the system keeps to a limit that it accepted. */
static bool limit_works(size_t bytes) {
    void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map != MAP_FAILED) {
        munmap(map, bytes);
    }
    return map == MAP_FAILED;
}

/* Get until nothing comes; returns how many there are now. */
static size_t get_until_refused(struct mempool *pool, size_t n_before) {
    size_t n = n_before;
    for (;;) {
        errno = 0;
        void *object = mempool_get(pool);
        if (object == NULL) {
            CHECK(errno == ENOMEM);
            return n;
        }
        stamp_set(object, n);
        objects[n++] = object;
        CHECK(n < N_OBJECTS_MAX);
    }
}

static void put_range(size_t first, size_t end) {
    for (size_t i = first; i < end; i++) {
        CHECK_EQUAL(stamp_take(objects[i]), i);
        mempool_put(objects[i]);
    }
}

static int count_object(void *object, const struct mempool_description *description, void *n) {
    CHECK(description->object == object);
    ++*(size_t *)n;
    return 0;
}

/* While nothing can be got, everything else goes on working. */
static void check_exhausted(struct mempool *pool, size_t n_live) {
    size_t n_walked = 0;
    void *object;
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    for (int i = 0; i < 100; i++) {
        errno = 0;
        CHECK(mempool_get(pool) == NULL && errno == ENOMEM);
        errno = 0;
        CHECK(mempool_get_bulk(pool, &object, 1) == 0 && errno == ENOMEM);
    }
    CHECK_EQUAL(pool_stats(pool).hot, n_live);
    CHECK(pool_stats(pool).refused >= 200);
    CHECK_EQUAL(mempool_walk(pool, count_object, &n_walked), n_live);
    CHECK_EQUAL(n_walked, n_live);
    CHECK(mempool_dump(fd) == 0);
    close(fd);
    struct mempool *another = mempool_create(&POOL_OPTIONS(.object_bytes = 64, .count = 100));
    CHECK(another != NULL || errno == ENOMEM);
    mempool_destroy(another);
}

/* Use all there is, and give it back: returns how many objects that was. */
static size_t exhaust_and_recover(struct mempool *pool) {
    size_t n = get_until_refused(pool, 0);
    check_exhausted(pool, n);
    put_range(n / 2, n);
    size_t n_again = get_until_refused(pool, n / 2);
    CHECK(n_again >= n);
    put_range(0, n_again);
    CHECK_EQUAL(pool_live(pool), 0);
    return n_again;
}

static void run_address_space(void) {
    set_limit(RLIMIT_AS, mapped_bytes() + 256 * MIB);
    if (!limit_works((size_t)300 * MIB)) {
        test_skip("RLIMIT_AS has no effect here");
    }
    struct mempool *pool = pool_of(OBJECT_BYTES), *large = pool_of(LARGE_BYTES);
    size_t n = exhaust_and_recover(pool);
    printf("%zu objects of %d bytes in 256 MiB of address space\n", n, OBJECT_BYTES);
    CHECK(n >= 16 * MIB / OBJECT_BYTES);
    /* What one pool gave back is there for another with other sizes. */
    CHECK(mempool_trim(pool) >= n * OBJECT_BYTES / 2);
    size_t n_large = exhaust_and_recover(large);
    CHECK(n_large * LARGE_BYTES >= n * OBJECT_BYTES / 2);
    CHECK(mempool_trim(NULL) >= n_large * LARGE_BYTES / 2);
    set_limit(RLIMIT_AS, RLIM_INFINITY);
    CHECK(exhaust_and_recover(pool) >= n / 2);
    CHECK_EQUAL(mempool_destroy(pool) + mempool_destroy(large), 0);
}

static size_t data_bytes(void) {
    char line[256];
    size_t kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "VmData: %zu kB", &kib) == 1) {
            break;
        }
    }
    fclose(file);
    return kib << 10;
}

static void run_data(void) {
    struct mempool *pool = pool_of(OBJECT_BYTES);
    mempool_put(mempool_get(pool));
    set_limit(RLIMIT_DATA, data_bytes() + 64 * MIB);
    if (!limit_works((size_t)80 * MIB)) {
        test_skip("RLIMIT_DATA has no effect here");
    }
    size_t n = exhaust_and_recover(pool);
    printf("%zu objects of %d bytes in 64 MiB of data\n", n, OBJECT_BYTES);
    CHECK(n >= 32 * MIB / OBJECT_BYTES);
    size_t n_low = get_until_refused(pool, 0);
    set_limit(RLIMIT_DATA, data_bytes() + 64 * MIB);
    size_t n_high = get_until_refused(pool, n_low);
    CHECK(n_high >= n_low + 32 * MIB / OBJECT_BYTES);
    put_range(0, n_high);
    CHECK_EQUAL(mempool_destroy(pool), 0);
}

int main(int argc, char **argv) {
    if (!test_runtime_is_plain()) {
        test_skip("tools that watch memory need more of it than the limits leave");
    }
    CHECK(argc == 2);
    objects = mmap(NULL, N_OBJECTS_MAX * sizeof *objects, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(objects != MAP_FAILED);
    if (strcmp(argv[1], "address-space") == 0) {
        run_address_space();
    } else {
        CHECK(strcmp(argv[1], "data") == 0);
        run_data();
    }
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 0);
    return 0;
}
