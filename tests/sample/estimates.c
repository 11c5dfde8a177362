/* SPDX-License-Identifier: MIT */
/* Estimates from samples are right on the average, whatever is allocated: objects of pools, cached
 * and not, blocks of mixed sizes; and after most of it went. Five standard deviations each. */
#include "unit.h"

#include "child.h"
#include "rng.h"
#include "samples.h"
#include "scale.h"

#include "account/books.h"
#include "base/bits.h"
#include "pool/pool.h"

#include <mempool/observe.h>

enum { MEAN = 8192, N_OBJECTS = 200000, N_BLOCKS = 200000, SIZES = 4,
       SAMPLES_WANTED = 50000 /* at most: there is room for them */ };

static void *held[N_OBJECTS];

static double inclusion(double bytes) {
    return -expm1(-bytes / MEAN);
}

/* Of n equal ones, each with probability p: the estimate's standard deviation. */
static double deviation(double n, double p) {
    return sqrt(n * (1 - p) / p);
}

static int pool_is_estimated(void *argument) {
    const struct mempool_options *options = argument;
    double p = inclusion((double)options->object_bytes);
    size_t n = min_size(test_scaled(N_OBJECTS), (size_t)(SAMPLES_WANTED / p));
    CHECK_EQUAL(mempool_sample_stacks(MEAN), 0);
    struct mempool *pool = pool_of_options(options);
    /* Churn first: what is put must leave no trace. */
    for (size_t i = 0; i < n; i++) {
        mempool_put(mempool_get(pool));
        held[i] = mempool_get(pool);
        CHECK(held[i] != NULL);
    }
    struct samples sums = samples_of(&pool->depot, 0);
    double off = 5 * deviation((double)n, p) + 256;
    print_message("%zu bytes: %zu, estimated %g +- %g of %llu samples\n", options->object_bytes, n,
                  sums.count, off / 5, (unsigned long long)sums.samples);
    CHECK(fabs(sums.count - (double)n) < off);
    CHECK(fabs(sums.bytes - (double)(n * options->object_bytes)) <
          off * (double)options->object_bytes);
    samples_check();
    uint64_t n_samples = 0;
    for (size_t i = 0; i < n; i++) {
        n_samples += is_sample(held[i]);
    }
    CHECK_EQUAL(n_samples, samples_live());
    /* Three in four go. */
    for (size_t i = 0; i < n; i++) {
        if (i % 4 != 0) {
            mempool_put(held[i]);
        }
    }
    sums = samples_of(&pool->depot, 0);
    off = 5 * deviation((double)n / 4, p) + 256;
    CHECK(fabs(sums.count - (double)n / 4) < off);
    for (size_t i = 0; i < n; i += 4) {
        mempool_put(held[i]);
    }
    samples_check_none();
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return 0;
}

/* Blocks of several sizes, of one account; the sums of each size by its own site. */
__attribute__((noinline)) static void *allocate(int size) {
    switch (size) {
    case 0:
        return mempool_malloc(24, "mixed");
    case 1:
        return mempool_malloc(300, "mixed");
    case 2:
        return mempool_malloc(5000, "mixed");
    default:
        return mempool_malloc(50000, "mixed");
    }
}

static const double size_bytes[SIZES] = {24, 300, 5000, 50000};

struct truth {
    double n[SIZES];
};

static struct samples samples_of_size(int size) {
    struct samples sums = {.samples = 0};
    const struct sample *samples = samples_table()->samples;
    for (uint32_t i = 1; i <= load_relaxed(&samples_table()->samples_used); i++) {
        if (load_relaxed(&samples[i].object) != NULL &&
            (double)load_relaxed(&samples[i].bytes) >= size_bytes[size] &&
            (double)load_relaxed(&samples[i].bytes) <= size_bytes[size]) {
            double weight = (double)load_relaxed(&samples[i].weight) / SAMPLE_ONE;
            sums.samples++;
            sums.count += weight;
            sums.bytes += weight * weight; /* for the deviation */
        }
    }
    return sums;
}

static int blocks_are_estimated(void *unused) {
    (void)unused;
    struct truth truth = {{0}};
    struct rng rng = {.state = rng_seed()};
    size_t n = test_scaled(N_BLOCKS);
    CHECK_EQUAL(mempool_sample_stacks(MEAN), 0);
    for (size_t i = 0; i < n; i++) {
        uint64_t draw = rng_below(&rng, 1000);
        int size = draw < 900 ? 0 : draw < 990 ? 1 : draw < 999 ? 2 : 3;
        mempool_free(allocate(size));
        held[i] = allocate(size);
        CHECK(held[i] != NULL);
        truth.n[size]++;
    }
    double all = 0, count = 0;
    for (int size = 0; size < SIZES; size++) {
        struct samples sums = samples_of_size(size);
        double off = 5 * sqrt(sums.bytes) + 256;
        print_message("%g bytes: %g, estimated %g of %llu samples\n", size_bytes[size],
                      truth.n[size], sums.count, (unsigned long long)sums.samples);
        CHECK(fabs(sums.count - truth.n[size]) < off);
        all += truth.n[size];
        count += sums.count;
    }
    struct samples sums = samples_of(NULL, 0);
    CHECK(fabs(sums.count - count) < 1);
    CHECK(fabs(count - all) < 0.2 * all || n < N_BLOCKS);
    for (size_t i = 0; i < n; i++) {
        mempool_free(held[i]);
    }
    samples_check_none();
    return 0;
}

static void of_pools(void **state) {
    (void)state;
    const struct mempool_options options[] = {
        POOL_OPTIONS(.object_bytes = 48),
        POOL_OPTIONS(.object_bytes = 2000),
        POOL_OPTIONS(.object_bytes = 20000),
        POOL_OPTIONS(.object_bytes = 300, .flags = MEMPOOL_UNCACHED),
        POOL_OPTIONS(.object_bytes = 300, .limit = N_OBJECTS + 1),
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        struct mempool_options one = options[i];
        assert_int_equal(child_status(pool_is_estimated, &one), 0);
    }
}

static void of_blocks(void **state) {
    (void)state;
    assert_int_equal(child_status(blocks_are_estimated, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_pools),
        cmocka_unit_test(of_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
