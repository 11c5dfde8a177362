/* SPDX-License-Identifier: MIT */
/* A component that ended goes on where it left nothing, on the same books; where something of it is
 * live, it does not. */
#include "unit.h"

#include "accounts.h"

#include "account/books.h"

static void *allocate_in(struct mempool_component *component, const char *type) {
    struct mempool_component *before = mempool_component_enter(component);
    void *block = mempool_malloc_typed(100, mempool_type(type));
    mempool_component_leave(before);
    assert_non_null(block);
    return block;
}

static void what_left_nothing_goes_on(void **state) {
    (void)state;
    struct mempool_component *component = component_of("comes\nand goes", NULL);
    mempool_free(allocate_in(component, "before"));
    assert_int_equal(mempool_component_end(component), 0);
    void *meanwhile = allocate_in(component, "meanwhile"); /* the process's */
    assert_ptr_equal(component_resume("comes\nand goes"), component);
    assert_null(component_resume("comes\nand goes")); /* it has not ended */
    assert_int_equal(component_stats(component).ended, 0);
    assert_int_equal(component_stats(component).generation, 1);
    uint32_t n = accounts_used();
    void *block = allocate_in(component, "before");
    assert_int_equal(accounts_used(), n);
    assert_int_equal(account_of(component, "before").total_blocks, 2);
    assert_int_equal(account_of(component, "before").live_blocks, 1);
    void *own = allocate_in(component, "meanwhile");
    assert_ptr_equal(block_description(own).component, component);
    assert_ptr_equal(block_description(meanwhile).component, mempool_component_process());
    mempool_free(block);
    mempool_free(own);
    mempool_free(meanwhile);
    assert_int_equal(mempool_component_end(component), 0);
}

static void what_left_something_does_not(void **state) {
    (void)state;
    struct mempool_component *blocks = component_of("blocks", NULL);
    void *block = allocate_in(blocks, "left");
    assert_int_equal(mempool_component_end(blocks), 1);
    assert_null(component_resume("blocks"));
    mempool_free(block);
    assert_ptr_equal(component_resume("blocks"), blocks);

    struct mempool_component *pools = component_of("pools", NULL);
    struct mempool_component *before = mempool_component_enter(pools);
    struct mempool *pool = mempool_create_typed(100, 1, "left", 0);
    void *object = mempool_get(pool);
    mempool_component_leave(before);
    (void)mempool_component_end(pools);
    assert_null(component_resume("pools"));
    mempool_put(object);
    assert_int_equal(mempool_destroy(pool), 0);
    assert_ptr_equal(component_resume("pools"), pools);
}

static void only_the_processs_own(void **state) {
    (void)state;
    struct mempool_component *above = component_of("above", NULL);
    struct mempool_component *below = component_of("below", above);
    assert_int_equal(mempool_component_end(below), 0);
    assert_null(component_resume("below"));
    assert_null(component_resume("nobody"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_left_nothing_goes_on),
        cmocka_unit_test(what_left_something_does_not),
        cmocka_unit_test(only_the_processs_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
