/* SPDX-License-Identifier: MIT */
/* More accounts than there is room for: nothing is refused for want of one, and what has none of
 * its own is on the books of "other". */
#include "unit.h"

#include "accounts.h"
#include "one_processor.h"
#include "threads.h"

enum {
    ACCOUNTS_MOST = 65534,
    N_TYPES = 4000,
    N_COMPONENTS = 17, /* with all types each: more than ACCOUNTS_MOST */
};
static const char other[] = "other";

static struct mempool_type *types[N_TYPES];
static struct mempool_component *with_other, *without, *late;

static void *allocate_in(struct mempool_component *component, size_t bytes,
                         struct mempool_type *type) {
    struct mempool_component *before = mempool_component_enter(component);
    errno = EXDEV;
    void *block = mempool_malloc_typed(bytes, type);
    assert_int_equal(errno, block != NULL ? EXDEV : ENOMEM);
    mempool_component_leave(before);
    return block;
}

/* One block, which goes at once: was it charged to an account of its own? */
static bool has_account(struct mempool_component *component, struct mempool_type *type) {
    void *block = allocate_in(component, 1, type);
    assert_non_null(block);
    struct mempool_block found = block_description(block);
    mempool_free(block);
    return found.component == component && found.type == type;
}

/* Where a block of a type that the component has no account of is charged, and what its life does
 * to those books. */
static void expect_charged_to(struct mempool_component *component, struct mempool_component *whose,
                              struct mempool_type *type) {
    struct mempool_account before = account_of(whose, other);
    void *block = allocate_in(component, 100, type);
    assert_non_null(block);
    struct mempool_block found = block_description(block);
    assert_ptr_equal(found.component, whose);
    assert_ptr_equal(found.type, mempool_type(other));
    block = mempool_realloc(block, 1000);
    assert_int_equal(account_of(whose, other).live_bytes, before.live_bytes + 1000);
    assert_int_equal(account_of(whose, other).live_blocks, before.live_blocks + 1);
    mempool_free(block);
    assert_int_equal(account_of(whose, other).live_bytes, before.live_bytes);
    assert_int_equal(account_of(whose, other).total_blocks, before.total_blocks + 1);
}

static int fill_the_books(void **state) {
    (void)state;
    char name[32];
    with_other = component_of("with other", NULL);
    without = component_of("without", NULL);
    for (size_t i = 0; i < N_TYPES; i++) {
        snprintf(name, sizeof name, "type %zu", i);
        types[i] = mempool_type(name);
    }
    assert_true(has_account(with_other, mempool_type(other)));
    size_t n = 1;
    for (size_t c = 0; c < N_COMPONENTS; c++) {
        struct mempool_component *component = component_of("filler", NULL);
        for (size_t i = 0; i < N_TYPES && has_account(component, types[i]); i++) {
            n++;
        }
    }
    assert_int_equal(n, ACCOUNTS_MOST);
    late = component_of("late", with_other);
    return 0;
}

static void without_other_it_is_the_process_s(void **state) {
    (void)state;
    struct mempool_component *process = mempool_component_process();
    expect_charged_to(without, process, types[0]);
    expect_charged_to(without, process, types[0]); /* as is remembered */
    expect_charged_to(late, process, types[1]);
    expect_charged_to(late, process, mempool_type(other));
    expect_charged_to(process, process, types[2]);
    expect_charged_to(process, process, NULL);
}

static void with_other_it_stays_with_the_component(void **state) {
    (void)state;
    expect_charged_to(with_other, with_other, types[0]);
    expect_charged_to(with_other, with_other, types[N_TYPES - 1]);
    mempool_component_end(late);
    expect_charged_to(late, with_other, types[0]);
}

static void limits_hold_for_it(void **state) {
    (void)state;
    limit_hard(with_other, 100000);
    assert_null(allocate_in(with_other, 200000, types[3]));
    assert_int_equal(component_stats(with_other).refused, 1);
    limit_hard(with_other, 0);
    expect_charged_to(with_other, with_other, types[3]);
}

static void *allocate_elsewhere(void *unused) {
    expect_charged_to(without, mempool_component_process(), types[4]);
    expect_charged_to(with_other, with_other, types[4]);
    return unused;
}

static void on_any_thread(void **state) {
    (void)state;
    thread_run(allocate_elsewhere, NULL);
}

int main(void) {
    caches_stay();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_other_it_is_the_process_s),
        cmocka_unit_test(with_other_it_stays_with_the_component),
        cmocka_unit_test(limits_hold_for_it),
        cmocka_unit_test(on_any_thread),
    };
    return cmocka_run_group_tests(tests, fill_the_books, NULL);
}
