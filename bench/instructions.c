/* SPDX-License-Identifier: MIT */
/* A known number of gets and puts, or mallocs and frees, for check_instructions.py to count
 * instructions of. */
#include <mempool/account.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OBJECT_BYTES 64
#define BATCH 1000 /* objects that `batch` has live: more than a thread keeps idle */
#define BULK 32

/* Golden numbers are kept for each of these. */
#if defined(__x86_64__)
#define ARCHITECTURE "x86_64"
#elif defined(__aarch64__)
#define ARCHITECTURE "aarch64"
#elif defined(__i386__)
#define ARCHITECTURE "i386"
#else
#define ARCHITECTURE "other"
#endif
#if defined(__clang__)
#define COMPILER "clang"
#define COMPILER_VERSION __clang_major__
#else
#define COMPILER "gcc"
#define COMPILER_VERSION __GNUC__
#endif

/* Each does n gets and n puts, or as many of the heap. */

static void run_pair(struct mempool *pool, unsigned long n) {
    for (unsigned long i = 0; i < n; i++) {
        mempool_put(mempool_get(pool));
    }
}

static void run_zeroed(struct mempool *pool, unsigned long n) {
    for (unsigned long i = 0; i < n; i++) {
        mempool_put(mempool_get0(pool));
    }
}

static void run_batch(struct mempool *pool, unsigned long n) {
    static void *objects[BATCH];
    for (unsigned long done = 0; done < n; done += BATCH) {
        for (size_t i = 0; i < BATCH; i++) {
            objects[i] = mempool_get(pool);
        }
        for (size_t i = 0; i < BATCH; i++) {
            mempool_put(objects[i]);
        }
    }
}

static void run_bulk(struct mempool *pool, unsigned long n) {
    void *objects[BULK];
    for (unsigned long done = 0; done < n; done += BULK) {
        size_t got = mempool_get_bulk(pool, objects, BULK);
        mempool_put_bulk(objects, got);
    }
}

/* Of the accounted heap; there is no pool. */
static void run_block(struct mempool *pool, unsigned long n) {
    (void)pool;
    for (unsigned long i = 0; i < n; i++) {
        mempool_free(mempool_malloc(OBJECT_BYTES, "counted"));
    }
}

static void run_blocks(struct mempool *pool, unsigned long n) {
    static void *blocks[BATCH];
    (void)pool;
    for (unsigned long done = 0; done < n; done += BATCH) {
        for (size_t i = 0; i < BATCH; i++) {
            blocks[i] = mempool_malloc(OBJECT_BYTES, "counted");
        }
        for (size_t i = 0; i < BATCH; i++) {
            mempool_free(blocks[i]);
        }
    }
}

static const struct {
    const char *name;
    void (*run)(struct mempool *pool, unsigned long n);
} modes[] = {
    {"pair", run_pair},
    {"zeroed", run_zeroed},
    {"batch", run_batch},
    {"bulk", run_bulk},
    {"block", run_block},
    {"blocks", run_blocks},
};

static int count(const char *mode, unsigned long n) {
    struct mempool_options options = {
        .struct_size = sizeof(options),
        .name = "counted",
        .object_bytes = OBJECT_BYTES,
    };
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcmp(mode, modes[i].name) != 0) {
            continue;
        }
        struct mempool *pool = mempool_create(&options);
        if (pool == NULL) {
            perror("mempool_create");
            return 1;
        }
        modes[i].run(pool, n);
        return mempool_destroy(pool) == 0 ? 0 : 1;
    }
    (void)fprintf(stderr, "mempool-instructions: no mode called %s\n", mode);
    return 2;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "compiler") == 0) {
        (void)printf("%s %s %d\n", ARCHITECTURE, COMPILER, COMPILER_VERSION);
        return 0;
    }
    char *end = NULL;
    unsigned long n = argc == 3 ? strtoul(argv[2], &end, 10) : 0;
    if (argc != 3 || *end != '\0' || n == 0) {
        (void)fprintf(stderr,
                      "usage: %s pair|zeroed|batch|bulk|block|blocks OBJECTS\n"
                      "       %s compiler\n",
                      argv[0], argv[0]);
        return 2;
    }
    return count(argv[1], n);
}
