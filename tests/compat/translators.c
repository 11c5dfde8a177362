/* SPDX-License-Identifier: MIT */
/* THIS: one for each thread, and the component that follows it. */
#include "compat.h"

#include "accounts.h"

#include <pthread.h>
#include <stdatomic.h>

static char name_a[] = "patchy-a", name_b[] = "patchy-b", name_shared[] = "patchy-shared";

static void the_process_has_one_from_the_start(void **state) {
    (void)state;
    assert_string_equal(THIS->name, "glusterfs");
    assert_string_equal(THIS->type, "global");
    assert_ptr_equal(THIS->ctx, glusterfs_ctx_get());
    void *block = GF_MALLOC(10, gf_common_mt_char);
    assert_ptr_equal(block_description(block).component, mempool_component_process());
    GF_FREE(block);
}

static struct mempool_component *component_of_allocation(void) {
    void *block = GF_MALLOC(10, gf_common_mt_char);
    struct mempool_component *component = block_description(block).component;
    GF_FREE(block);
    return component;
}

static void assignments_are_followed(void **state) {
    (void)state;
    static xlator_t a = TRANSLATOR(name_a), b = TRANSLATOR(name_b);
    xlator_t *before = THIS;
    THIS = &a;
    assert_ptr_equal(THIS, &a);
    struct mempool_component *of_a = component_of_allocation();
    assert_ptr_equal(of_a, a.mem_acct.component);
    assert_string_equal(component_stats(of_a).name, "patchy-a");
    /* now it is the thread's for whatever it allocates */
    assert_ptr_equal(mempool_component_current(), of_a);
    THIS = &b;
    assert_ptr_not_equal(component_of_allocation(), of_a);
    THIS = &a;
    assert_ptr_equal(component_of_allocation(), of_a);
    THIS = before;
    assert_ptr_equal(component_of_allocation(), mempool_component_process());
    assert_ptr_equal(mempool_component_current(), mempool_component_process());
    assert_ptr_equal(mempool_gf_enter(&b), before);
    assert_ptr_equal(mempool_component_current(), b.mem_acct.component); /* at once */
    assert_ptr_equal(mempool_gf_enter(NULL), &b);
    assert_ptr_equal(THIS, before);
    assert_ptr_equal(mempool_component_current(), mempool_component_process());
}

/* On a thread that has not looked at THIS before. */
static void *enter_natively(void *arg) {
    struct mempool_component *native = arg, *before = mempool_component_enter(native);
    CHECK(strcmp(THIS->name, "glusterfs") == 0);
    CHECK(component_of_allocation() == native);
    CHECK(component_of_allocation() == native);
    mempool_component_leave(before);
    CHECK(component_of_allocation() == mempool_component_process());
    return NULL;
}

/* Where THIS stays, what was entered otherwise stays too. */
static void components_entered_otherwise_stay(void **state) {
    (void)state;
    pthread_t thread;
    struct mempool_component *native = component_of("native", NULL);
    assert_int_equal(pthread_create(&thread, NULL, enter_natively, native), 0);
    pthread_join(thread, NULL);
    enter_natively(native);
}

/* The object at an address may be freed, and be another's. */
static void an_address_may_be_used_again(void **state) {
    (void)state;
    xlator_t *translator = calloc(1, sizeof *translator);
    translator->name = name_a;
    THIS = translator;
    struct mempool_component *first = component_of_allocation();
    assert_int_equal(component_stats(first).ended, 0);
    void *kept = GF_MALLOC(100, gf_common_mt_char);
    assert_int_equal(mempool_gf_xlator_end(translator), 1);
    assert_int_equal(component_stats(first).ended, 1);
    assert_int_equal(component_stats(first).live_bytes, 100);
    *translator = (xlator_t){.name = name_b};
    struct mempool_component *second = component_of_allocation();
    assert_ptr_not_equal(first, second);
    assert_string_equal(component_stats(second).name, "patchy-b");
    GF_FREE(kept);
    assert_int_equal(component_stats(first).live_bytes, 0);
    free(translator);
    assert_int_equal(mempool_gf_xlator_end(NULL), 0);
    THIS = NULL;
    assert_int_equal(mempool_gf_xlator_end(THIS), 0); /* the process's does not end */
}

static void translators_without_a_name_have_one(void **state) {
    (void)state;
    static xlator_t nameless;
    THIS = &nameless;
    assert_string_equal(component_stats(component_of_allocation()).name, "unnamed");
    struct mem_pool *pool = mem_pool_new(int, 1);
    assert_string_equal(pool->name, "unnamed:int");
    mem_pool_destroy(pool);
}

static void pools_are_the_translators(void **state) {
    (void)state;
    static char its_name[] = "patchy-pools";
    static xlator_t translator = TRANSLATOR(its_name);
    THIS = &translator;
    struct mem_pool *pool = mem_pool_new_fn(1000, 1000, "large");
    struct mempool_component_stats stats = component_stats(translator.mem_acct.component);
    assert_true(stats.pool_bytes >= 1000 * 1000);
    /* the struct and its name are in the books, by the classic's types */
    assert_int_equal(account_of(translator.mem_acct.component, "gf_common_mt_mem_pool").live_blocks,
                     1);
    assert_int_equal(account_of(translator.mem_acct.component, "gf_common_mt_asprintf").live_bytes,
                     sizeof "patchy-pools:large");
    THIS = NULL;
    mem_pool_destroy(pool);
    assert_int_equal(component_stats(translator.mem_acct.component).live_bytes, 0);
}

static void accounting_can_be_made_ready(void **state) {
    (void)state;
    static xlator_t translator = TRANSLATOR(name_a);
    assert_int_equal(xlator_mem_acct_init(NULL, 5), -1);
    assert_int_equal(xlator_mem_acct_init(&translator, 123), 0);
    assert_int_equal(translator.mem_acct.num_types, 123);
    struct mempool_component *component = translator.mem_acct.component;
    assert_non_null(component);
    assert_int_equal(xlator_mem_acct_init(&translator, 0), 0);
    assert_int_equal(translator.mem_acct.num_types, gf_common_mt_end);
    assert_ptr_equal(translator.mem_acct.component, component);
    THIS = NULL;
    assert_int_equal(xlator_mem_acct_init(THIS, 5), 0);
}

static void the_flag_is_kept(void **state) {
    (void)state;
    assert_int_equal(gf_mem_acct_is_enabled(), 0);
    gf_mem_acct_enable_set();
    assert_int_equal(gf_mem_acct_is_enabled(), 1);
    gf_mem_acct_enable_set(glusterfs_ctx_get());
    assert_int_equal(gf_mem_acct_is_enabled(), 1);
}

/* The numbers of release 3.3.2, which programs' own follow. */
static void types_have_their_numbers(void **state) {
    (void)state;
    assert_int_equal(gf_common_mt_call_stub_t, 0);
    assert_int_equal(gf_common_mt_asprintf, 39);
    assert_int_equal(gf_common_mt_mem_pool, 48);
    assert_int_equal(gf_common_mt_long, 49);
    assert_int_equal(gf_common_mt_end, 89);
}

enum { THREADS = 2, TURNS = 500 };
static xlator_t shared[TURNS];
static pthread_barrier_t all_ready;
static _Atomic int n_ready;
static void *shared_blocks[THREADS][TURNS];

static void *allocate_in_shared(void *arg) {
    void **blocks = arg;
    CHECK(strcmp(THIS->name, "glusterfs") == 0); /* not what another thread has */
    for (int i = 0; i < TURNS; i++) {
        pthread_barrier_wait(&all_ready);
        (void)atomic_fetch_add(&n_ready, 1); /* not woken one after the other: all run now */
        for (int spin = 0; spin < 100000 && atomic_load(&n_ready) < THREADS * (i + 1); spin++) {
        }
        THIS = &shared[i];
        blocks[i] = GF_MALLOC(16, gf_common_mt_char);
    }
    return NULL;
}

static void threads_that_come_first_at_once_make_one_component(void **state) {
    (void)state;
    pthread_t threads[THREADS];
    for (int i = 0; i < TURNS; i++) {
        shared[i].name = name_shared;
    }
    pthread_barrier_init(&all_ready, NULL, THREADS);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, allocate_in_shared, shared_blocks[i]),
                         0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (int i = 0; i < TURNS; i++) {
        struct mempool_component_stats stats = component_stats(shared[i].mem_acct.component);
        assert_int_equal(stats.generation, i + 1);
        assert_int_equal(stats.live_blocks, THREADS);
        for (int k = 0; k < THREADS; k++) {
            GF_FREE(shared_blocks[k][i]);
        }
    }
    pthread_barrier_destroy(&all_ready);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        log_test(the_process_has_one_from_the_start),
        log_test(assignments_are_followed),
        log_test(components_entered_otherwise_stay),
        log_test(an_address_may_be_used_again),
        log_test(translators_without_a_name_have_one),
        log_test(pools_are_the_translators),
        log_test(accounting_can_be_made_ready),
        log_test(the_flag_is_kept),
        log_test(types_have_their_numbers),
        log_test(threads_that_come_first_at_once_make_one_component),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
