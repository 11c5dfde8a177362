/* SPDX-License-Identifier: MIT */
/* Sampled blocks of the accounted heap: allocated, resized, moved, freed by anybody. */
#include "unit.h"

#include "accounts.h"
#include "child.h"
#include "samples.h"
#include "threads.h"

#include "account/books.h"

#include <mempool/observe.h>

#include <unistd.h>

enum { N = 400, LARGE_BYTES = 200000 };

static void *blocks[N];

static void begin(void) {
    mempool_misuse_sink_set(-1);
    CHECK_EQUAL(mempool_sample_stacks(1), 0);
}

static size_t bytes_of(size_t i) {
    return i % 8 == 7 ? LARGE_BYTES : 16 + i * 5;
}

/* The thread's first allocation of an account finds no countdown, so from the second on. */
static void allocate_n(void) {
    mempool_free(mempool_malloc(1, "sampled"));
    for (size_t i = 0; i < N; i++) {
        blocks[i] = i % 2 == 0 ? mempool_malloc(bytes_of(i), "sampled")
                               : mempool_calloc(1, bytes_of(i), "sampled");
        CHECK(blocks[i] != NULL);
        memset(blocks[i], 0x5a, 16);
    }
}

static void free_n(void) {
    for (size_t i = 0; i < N; i++) {
        mempool_free(blocks[i]);
    }
}

static void check_end(void) {
    samples_check_none();
    CHECK_EQUAL(account_of(mempool_component_process(), "sampled").live_blocks, 0);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 0);
}

static int every_block_is_there(void *unused) {
    (void)unused;
    double bytes = 0;
    begin();
    allocate_n();
    samples_check();
    for (size_t i = 0; i < N; i++) {
        bytes += (double)bytes_of(i);
        CHECK(is_sample(blocks[i]));
        CHECK_EQUAL(block_description(blocks[i]).thread, gettid());
        CHECK_EQUAL(block_description(blocks[i]).bytes, bytes_of(i));
    }
    uint32_t account = tag_account(load_relaxed(slot_tag(sample_record(blocks[0]))));
    struct samples sums = samples_of(NULL, account);
    CHECK_EQUAL(sums.samples, N);
    CHECK_EQUAL(sums.stacks, 2);
    CHECK(fabs(sums.count - N) < 0.01 * N);
    CHECK(fabs(sums.bytes - bytes) < 0.01 * bytes);
    free_n();
    check_end();
    return 0;
}

static int realloc_in_place_changes_the_sum(void *unused) {
    (void)unused;
    begin();
    allocate_n();
    double before = samples_of(NULL, 0).bytes;
    void *block = mempool_realloc(blocks[100], bytes_of(100) - 1);
    CHECK(block == blocks[100] && is_sample(block));
    CHECK(samples_of(NULL, 0).bytes <= before - 0.9 && samples_of(NULL, 0).bytes > before - 1.1);
    CHECK_EQUAL(samples_live(), N);
    blocks[100] = block;
    free_n();
    check_end();
    return 0;
}

static int realloc_that_moves_makes_another(void *unused) {
    (void)unused;
    begin();
    allocate_n();
    for (size_t i = 0; i < N; i++) {
        void *before = blocks[i];
        blocks[i] = mempool_realloc(blocks[i], 3 * bytes_of(i));
        CHECK(blocks[i] != NULL && is_sample(blocks[i]));
        /* of a large one not even the slot may be there */
        CHECK(blocks[i] == before || bytes_of(i) == LARGE_BYTES || !is_sample(before));
    }
    CHECK_EQUAL(samples_live(), N);
    samples_check();
    free_n();
    check_end();
    return 0;
}

static void *free_n_there(void *unused) {
    (void)unused;
    free_n();
    return NULL;
}

static int others_free(void *unused) {
    (void)unused;
    begin();
    for (int round = 0; round < 3; round++) {
        allocate_n();
        thread_run(free_n_there, NULL);
        CHECK_EQUAL(samples_live(), 0);
    }
    check_end();
    return 0;
}

static int freed_twice_is_told(void *unused) {
    (void)unused;
    begin();
    allocate_n();
    mempool_free(blocks[3]);
    mempool_free(blocks[3]);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_DOUBLE_PUT), 1);
    mempool_put(blocks[4]);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_WRONG_CALL), 1);
    CHECK(is_sample(blocks[4]));
    CHECK_EQUAL(samples_live(), N - 1);
    return 0;
}

/* What a limit refuses is no sample, nor is another block in its place. */
static int refused_ones_are_none(void *unused) {
    (void)unused;
    begin();
    struct mempool_component *component = component_of("small", NULL);
    limit_hard(component, 10000);
    (void)mempool_component_enter(component);
    size_t n = 0;
    while ((blocks[n] = mempool_malloc(1000, "refused")) != NULL) {
        n++;
    }
    CHECK(n > 0 && n <= 10);
    CHECK(mempool_malloc(1000, "refused") == NULL);
    CHECK(samples_live() <= n);
    samples_check();
    while (n > 0) {
        mempool_free(blocks[--n]);
    }
    samples_check_none();
    return 0;
}

static void each_in_a_process_of_its_own(void **state) {
    (void)state;
    int (*const runs[])(void *) = {every_block_is_there, realloc_in_place_changes_the_sum,
                                   realloc_that_moves_makes_another, others_free,
                                   freed_twice_is_told, refused_ones_are_none};
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        print_message("part %zu\n", i);
        assert_int_equal(child_status(runs[i], NULL), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_in_a_process_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
