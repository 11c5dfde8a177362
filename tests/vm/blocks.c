/* SPDX-License-Identifier: MIT */
/* Blocks for bookkeeping: sizes, alignment, zeroes, reuse, pieces of huge pages. */
#include "unit.h"

#include "faults.h"
#include "pattern.h"
#include "rng.h"
#include "scale.h"

#include "base/bits.h"
#include "vm/blocks.h"
#include "vm/space.h"

enum {
    N_BLOCKS = 400,
    N_STEPS = 20000,
    POOL_PLACE_BYTES = 640,
    SLAB_PLACE_BYTES = 128,
    PAGE_BYTES = 4096,
};

struct held {
    unsigned char *block;
    size_t bytes; /* as asked for */
    uint64_t key;
    bool is_record;
};

static struct held blocks[N_BLOCKS];
static size_t n_blocks;

static void sizes_are_powers_of_two(void **state) {
    (void)state;
    assert_int_equal(block_bytes(0), BLOCK_BYTES_MIN);
    assert_int_equal(block_bytes(1), BLOCK_BYTES_MIN);
    for (size_t bytes = BLOCK_BYTES_MIN; bytes <= BLOCK_BYTES_MAX; bytes *= 2) {
        assert_int_equal(block_bytes(bytes), bytes);
        assert_int_equal(block_bytes(bytes - 1), bytes);
        if (bytes < BLOCK_BYTES_MAX) {
            assert_int_equal(block_bytes(bytes + 1), bytes * 2);
        }
    }
}

static void too_large_is_refused(void **state) {
    (void)state;
    size_t used = space.blocks.used_bytes;
    assert_null(block_take(BLOCK_BYTES_MAX + 1));
    assert_null(block_take(SIZE_MAX / 2));
    assert_int_equal(space.blocks.used_bytes, used);
    void *largest = block_take(BLOCK_BYTES_MAX);
    assert_non_null(largest);
    block_give(largest, BLOCK_BYTES_MAX);
}

static bool is_zero(const unsigned char *bytes, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

/* New or used before: zero throughout, aligned, and nobody else's. Records have their own area. */
static void hold(unsigned char *block, size_t bytes, uint64_t key) {
    size_t whole = block_bytes(bytes);
    assert_non_null(block);
    assert_int_equal((uintptr_t)block % min_size(whole, PAGE_BYTES), 0);
    bool is_record = (char *)block >= space.records.start;
    const struct area *area = is_record ? &space.records : &space.blocks;
    assert_true((char *)block >= area->start &&
                (char *)block + whole <= area->start + area->used_bytes);
    assert_true(is_zero(block, whole));
    for (size_t i = 0; i < n_blocks; i++) {
        assert_true(block + whole <= blocks[i].block ||
                    blocks[i].block + block_bytes(blocks[i].bytes) <= block);
    }
    pattern_fill(block, whole, key);
    blocks[n_blocks++] = (struct held){block, bytes, key, is_record};
}

static void give_back(size_t i) {
    struct held held = blocks[i];
    blocks[i] = blocks[--n_blocks];
    assert_true(pattern_intact(held.block, block_bytes(held.bytes), held.key));
    if (held.is_record) {
        sys_lock_take(&space.lock);
        block_give_records_locked(held.block, held.bytes);
        sys_lock_drop(&space.lock);
    } else {
        block_give(held.block, held.bytes);
    }
}

static void give_all_back(void) {
    while (n_blocks > 0) {
        give_back(0);
    }
}

static unsigned char *take_records(size_t bytes, bool huge) {
    sys_lock_take(&space.lock);
    unsigned char *block = block_take_records_locked(bytes, huge);
    sys_lock_drop(&space.lock);
    return block;
}

static unsigned char *take_huge(size_t bytes) {
    return take_records(bytes, true);
}

static size_t random_bytes(struct rng *rng) {
    size_t bound = (size_t)1 << rng_below(rng, rng_chance(rng, 90) ? 15 : 22);
    return 1 + rng_below(rng, bound);
}

static void random_steps(struct rng *rng, size_t n_steps) {
    for (size_t step = 0; step < n_steps; step++) {
        if (n_blocks < N_BLOCKS && rng_chance(rng, step % 1000 < 500 ? 60 : 40)) {
            size_t bytes = random_bytes(rng);
            bool records = rng_chance(rng, 50);
            hold(records ? take_records(bytes, rng_chance(rng, 50)) : block_take(bytes), bytes,
                 step);
        } else if (n_blocks > 0) {
            give_back(rng_below(rng, n_blocks));
        }
        if (rng_chance(rng, 1)) {
            (void)blocks_trim();
        }
    }
}

static void blocks_are_zeroed_and_apart(void **state) {
    (void)state;
    struct rng rng = {rng_seed()};
    random_steps(&rng, test_scaled(N_STEPS));
    give_all_back();
}

/* What came back serves the next of its size, before new memory does. */
static void blocks_are_used_again(void **state) {
    (void)state;
    for (size_t bytes = BLOCK_BYTES_MIN; bytes <= BLOCK_BYTES_MAX; bytes *= 2) {
        for (int i = 0; i < 5; i++) {
            hold(block_take(bytes), bytes, (uint64_t)i);
        }
        give_all_back();
        size_t used = space.blocks.used_bytes;
        for (int i = 0; i < 5; i++) {
            hold(block_take(bytes - 1), bytes - 1, (uint64_t)i);
        }
        assert_int_equal(space.blocks.used_bytes, used);
        give_all_back();
    }
}

/* Pages of small blocks go back when all their blocks are free, whatever the order in which they
 * came, and serve other sizes; one block that is in use keeps its page. */
static void pages_of_small_blocks_go_back(void **state) {
    (void)state;
    enum { SMALL = 256, IN_A_PAGE = PAGE_BYTES / SMALL, PAGES = 8 };
    struct rng rng = {rng_seed()};
    (void)blocks_trim();
    for (int i = 0; i < PAGES * IN_A_PAGE; i++) {
        hold(block_take(SMALL), SMALL, (uint64_t)i);
    }
    unsigned char *last = blocks[n_blocks - 1].block;
    n_blocks--; /* in use beside the others */
    while (n_blocks > 0) {
        give_back(rng_below(&rng, n_blocks));
    }
    size_t trimmed = blocks_trim();
    /* Some were taken from a page with others in use; the last one's stays. */
    assert_in_range(trimmed, (PAGES - 2) * PAGE_BYTES, (PAGES - 1) * PAGE_BYTES);
    assert_int_equal(blocks_trim(), 0);
    size_t used = space.blocks.used_bytes;
    for (size_t i = 0; i < trimmed / PAGE_BYTES * 2; i++) {
        hold(block_take(PAGE_BYTES / 2), PAGE_BYTES / 2, i);
    }
    assert_int_equal(space.blocks.used_bytes, used); /* cut anew */
    give_all_back();
    block_give(last, SMALL);
    assert_true(blocks_trim() >= trimmed + PAGE_BYTES);
    faults_arm(FAULT_PURGE, 1, UINT64_MAX);
    hold(block_take(SMALL), SMALL, 1);
    give_all_back();
    assert_int_equal(blocks_trim(), 0); /* none went back, */
    assert_true(faults_disarm() > 0);
    hold(block_take(SMALL), SMALL, 1); /* and it is zero all the same */
    give_all_back();
}

/* Where pages cannot be given back, a block is cleared by hand. */
static void blocks_are_zeroed_though_purging_fails(void **state) {
    (void)state;
    struct rng rng = {rng_seed()};
    faults_arm(FAULT_PURGE, 1, UINT64_MAX);
    random_steps(&rng, test_scaled(N_STEPS) / 4);
    give_all_back();
    assert_true(faults_disarm() > 0);
    for (size_t bytes = BLOCK_BYTES_MIN; bytes <= BLOCK_BYTES_MAX; bytes *= 2) {
        hold(block_take(bytes), bytes, bytes);
    }
    give_all_back();
}

static char *advised;

static void note_huge(void *start, size_t bytes, bool wanted) {
    CHECK(wanted && bytes == HUGE_BYTES);
    CHECK((uintptr_t)start % HUGE_BYTES == 0);
    advised = start;
}

/* Sizes in between come from pieces of huge pages, of one size each; others as always. */
static void huge_blocks_share_pieces(void **state) {
    (void)state;
    enum { BYTES = 1 << 17, IN_A_PIECE = HUGE_BYTES / BYTES };
    sys_operations.huge = note_huge;
    /* first what lies ready of this size */
    while (advised == NULL) {
        hold(take_huge(BYTES), BYTES, 1);
    }
    size_t used = space.records.used_bytes;
    const unsigned char *first = blocks[n_blocks - 1].block;
    assert_ptr_equal(first, advised);
    for (int i = 1; i < IN_A_PIECE; i++) {
        hold(take_huge(BYTES), BYTES, (uint64_t)i);
        assert_ptr_equal(blocks[n_blocks - 1].block, first + i * BYTES);
    }
    assert_int_equal(space.records.used_bytes, used);
    give_all_back();
    advised = NULL;
    hold(take_huge(64), 64, 2);
    hold(take_huge(HUGE_BYTES), HUGE_BYTES, 3);
    hold(take_huge(HUGE_BYTES + 1), HUGE_BYTES + 1, 4);
    hold(take_huge(BYTES), BYTES, 5);
    assert_null(advised);
    give_all_back();
}

/* No memory for a piece: a single block may still be had. */
static void no_piece_is_no_end(void **state) {
    (void)state;
    enum { BYTES = 1 << 16 };
    size_t committed = space.records.committed_bytes;
    /* use up what is committed and what lies ready */
    while (space.records.committed_bytes == committed) {
        hold(take_records(BYTES, false), BYTES, n_blocks);
    }
    faults_arm(FAULT_COMMIT, 1, 1);
    hold(take_huge(BYTES), BYTES, 7);
    assert_int_equal(faults_disarm(), 1);
    faults_arm(FAULT_COMMIT, 1, UINT64_MAX);
    unsigned char *block;
    while ((block = take_huge(BYTES)) != NULL) {
        hold(block, BYTES, n_blocks);
    }
    assert_null(take_records(BYTES, false));
    assert_true(faults_disarm() > 0);
    hold(take_huge(BYTES), BYTES, 8);
    give_all_back();
}

static int setup(void **state) {
    (void)state;
    return space_init(POOL_PLACE_BYTES, SLAB_PLACE_BYTES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_powers_of_two),
        cmocka_unit_test(too_large_is_refused),
        cmocka_unit_test(no_piece_is_no_end),
        cmocka_unit_test(blocks_are_used_again),
        cmocka_unit_test(pages_of_small_blocks_go_back),
        cmocka_unit_test(huge_blocks_share_pieces),
        cmocka_unit_test(blocks_are_zeroed_and_apart),
        cmocka_unit_test(blocks_are_zeroed_though_purging_fails),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
