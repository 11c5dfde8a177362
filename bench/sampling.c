/* SPDX-License-Identifier: MIT */
/* What sampled call stacks cost: processor time of a get and a put, and of an allocation and a
 * free, called from some depth, by mean bytes between samples. */
#include <mempool/observe.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DEPTH = 20, RUNS = 9, PAIRS = 10000000, QUICK_PAIRS = 10000 };

struct work {
    const char *name;
    size_t bytes;
    struct mempool *pool; /* NULL: the accounted heap */
};

static double now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int compare(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

__attribute__((noinline)) static void run(const struct work *work, unsigned long pairs, int depth) {
    if (depth > 0) {
        run(work, pairs, depth - 1);
        __asm__ volatile("" ::: "memory"); /* a call, no jump */
        return;
    }
    for (unsigned long i = 0; i < pairs; i++) {
        if (work->pool != NULL) {
            mempool_put(mempool_get(work->pool));
        } else {
            mempool_free(mempool_malloc(work->bytes, "sampled"));
        }
    }
}

static double measure(const struct work *work, unsigned long pairs) {
    double ns[RUNS];
    for (int i = 0; i < RUNS; i++) {
        double start = now_ns();
        run(work, pairs, DEPTH);
        ns[i] = (now_ns() - start) / (double)pairs;
    }
    qsort(ns, RUNS, sizeof ns[0], compare);
    return ns[RUNS / 2];
}

static struct mempool *make_pool(size_t bytes) {
    struct mempool *pool = mempool_create_typed(bytes, 16, "sampled", 0);
    if (pool == NULL) {
        perror("mempool_create_typed");
        exit(1);
    }
    return pool;
}

int main(int argc, char **argv) {
    static const size_t means[] = {0, MEMPOOL_SAMPLE_DEFAULT, 64 << 10};
    bool quick = argc == 2 && strcmp(argv[1], "--quick") == 0;
    if (argc > 1 && !quick) {
        (void)fprintf(stderr, "usage: %s [--quick]\n", argv[0]);
        return 2;
    }
    struct work works[] = {{"get+put", 64, make_pool(64)},
                           {"malloc+free", 64, NULL},
                           {"get+put", 4096, make_pool(4096)},
                           {"malloc+free", 4096, NULL}};
    (void)printf("ns a pair, called %d deep; mean bytes between samples:\n", DEPTH);
    (void)printf("%-12s %6s %10s %10s %10s\n", "pair", "bytes", "off", "512 KiB", "64 KiB");
    for (size_t i = 0; i < sizeof works / sizeof works[0]; i++) {
        (void)printf("%-12s %6zu", works[i].name, works[i].bytes);
        for (size_t k = 0; k < sizeof means / sizeof means[0]; k++) {
            if (mempool_sample_stacks(means[k]) != 0) {
                return 1;
            }
            (void)printf(" %10.2f", measure(&works[i], quick ? QUICK_PAIRS : PAIRS));
        }
        (void)printf("\n");
    }
    return 0;
}
