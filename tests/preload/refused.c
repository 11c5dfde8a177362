/* SPDX-License-Identifier: MIT */
/* A program of a GlusterFS whose release is not known, with our library preloaded: everything is
 * GlusterFS's own. */
#include "unit.h"

#include "fake_glusterfs.h"

#include <signal.h>

static char pool_name[] = "fd_t";
static struct fake_context context = {.accounting = 1};

static void all_is_the_originals(void **state) {
    (void)state;
    struct fake_pool *pool = mem_pool_new_fn(&context, 100, 1, pool_name);
    mem_put_pool(mem_get_malloc(pool));
    mem_put_pool(mem_get_calloc(pool));
    mem_pool_destroy(pool);
    __gf_free(__gf_realloc(__gf_malloc(10, 1, "fake_mt"), 20));
    mem_pools_init();
    gf_proc_dump_info(SIGUSR1, &context);
    assert_int_equal(fake_calls.get, 2);
    assert_int_equal(fake_calls.put, 2);
    assert_int_equal(fake_calls.pool_destroy, 1);
    assert_int_equal(fake_calls.malloc, 2); /* the pool's own too */
    assert_int_equal(fake_calls.realloc, 1);
    assert_int_equal(fake_calls.free, 2);
    assert_int_equal(fake_calls.pools_init, 1);
    assert_int_equal(fake_calls.dump, 1);
    assert_int_equal(mempool_list(NULL, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_is_the_originals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
