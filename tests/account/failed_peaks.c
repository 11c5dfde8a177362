/* SPDX-License-Identifier: MIT */
/* What cannot be had for want of memory, or of limits, leaves no trace in the books: no peak, no
 * charge that stays. */
#include "unit.h"

#include "accounts.h"
#include "child.h"
#include "faults.h"
#include "one_processor.h"

enum { HUGE = 100 << 20, MORE_THAN_CHARGED = 64 << 10 };

static struct mempool_component *owner;

static struct mempool_account books(const char *type) {
    return account_of(owner, type);
}

static void *allocate(size_t bytes, const char *type) {
    return mempool_malloc_typed(bytes, mempool_type(type));
}

/* All that is charged is live, but for what threads hold granted. */
static void check_charged(uint64_t live_bytes) {
    struct mempool_component_stats stats = component_stats(owner);
    CHECK_EQUAL(stats.live_bytes, live_bytes);
    CHECK(stats.charged_bytes - live_bytes <= MORE_THAN_CHARGED);
}

static void check_peaks(const char *type, uint64_t bytes, uint64_t blocks) {
    CHECK_EQUAL(books(type).peak_bytes, bytes);
    CHECK_EQUAL(books(type).peak_blocks, blocks);
}

static int large_blocks(void *unused) {
    (void)unused;
    void *block = allocate(1000, "large");
    faults_arm(FAULT_COMMIT, 1, UINT64_MAX);
    for (int i = 0; i < 3; i++) {
        errno = 0;
        CHECK(allocate(HUGE, "large") == NULL && errno == ENOMEM);
        check_peaks("large", 1000, 1);
        check_charged(1000);
    }
    CHECK(faults_disarm() > 0);
    mempool_free(allocate(HUGE, "large"));
    check_peaks("large", 1000 + HUGE, 2);
    mempool_free(block);
    return 0;
}

static int blocks_that_grow(void *unused) {
    (void)unused;
    void *block = allocate(1000, "grows");
    faults_arm(FAULT_COMMIT, 1, UINT64_MAX);
    for (int i = 0; i < 3; i++) {
        errno = 0;
        CHECK(mempool_realloc(block, HUGE) == NULL && errno == ENOMEM);
        check_peaks("grows", 1000, 1);
        check_charged(1000);
    }
    CHECK(faults_disarm() > 0);
    block = mempool_realloc(block, HUGE);
    CHECK(block != NULL);
    check_peaks("grows", HUGE, 1);
    mempool_free(block);
    check_charged(0);
    return 0;
}

/* So small that threads cache them: until there are no more. */
static int small_blocks(void *unused) {
    enum { BLOCKS_MAX = 100000, BYTES = 900 };
    static void *blocks[BLOCKS_MAX];
    size_t n = 0, n_refused = 0;
    (void)unused;
    mempool_free(allocate(BYTES, "small"));
    faults_arm(FAULT_COMMIT, 1, UINT64_MAX);
    while (n_refused < 300) {
        void *block = allocate(BYTES, "small");
        CHECK(n < BLOCKS_MAX);
        if (block == NULL) {
            n_refused++;
        } else {
            blocks[n++] = block;
        }
        check_peaks("small", n > 1 ? n * BYTES : BYTES, n > 1 ? n : 1);
    }
    (void)faults_disarm();
    while (n > 0) {
        mempool_free(blocks[--n]);
    }
    return 0;
}

static int refused_by_a_limit(void *unused) {
    enum { LIMIT = 1 << 20 };
    (void)unused;
    void *block = allocate(1000, "limited");
    limit_hard(owner, LIMIT);
    CHECK(allocate(LIMIT, "limited") == NULL);
    CHECK(mempool_realloc(block, LIMIT + 1) == NULL);
    check_peaks("limited", 1000, 1);
    check_charged(1000);
    CHECK_EQUAL(component_stats(owner).refused, 2);
    mempool_free(block);
    return 0;
}

static int run(int (*work)(void *)) {
    owner = component_of("owner", NULL);
    (void)mempool_component_enter(owner);
    return work(NULL);
}

#define CASE(name) \
    static int name##_run(void *unused) { \
        (void)unused; \
        return run(name); \
    } \
    static void name##_leave_no_trace(void **state) { \
        (void)state; \
        CHECK_EQUAL(child_status(name##_run, NULL), 0); \
    }
CASE(large_blocks)
CASE(blocks_that_grow)
CASE(small_blocks)
CASE(refused_by_a_limit)

int main(void) {
    caches_stay();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_blocks_leave_no_trace),
        cmocka_unit_test(blocks_that_grow_leave_no_trace),
        cmocka_unit_test(small_blocks_leave_no_trace),
        cmocka_unit_test(refused_by_a_limit_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
