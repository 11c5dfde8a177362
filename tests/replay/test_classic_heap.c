/* SPDX-License-Identifier: MIT */
/* The classic accounted malloc: layout, counters, realloc, what it aborts at. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "replay/classic_site.h"
#include "scale.h"

static struct classic_account account_of(struct classic_component *component, uint32_t type) {
    struct classic_account account;
    classic_account_read(component, type, &account);
    return account;
}

static void test_counters(void **state) {
    (void)state;
    struct classic_component *component = classic_component_create(2);
    assert_non_null(component);
    void *first = classic_malloc(component, 1, 100);
    void *second = classic_calloc(component, 1, 50);
    struct classic_account account = account_of(component, 1);
    assert_int_equal(account.size, 150);
    assert_int_equal(account.num_allocs, 2);
    classic_free(first);
    account = account_of(component, 1);
    assert_int_equal(account.size, 50);
    assert_int_equal(account.max_size, 150);
    assert_int_equal(account.num_allocs, 1);
    assert_int_equal(account.max_num_allocs, 2);
    assert_int_equal(account.total_allocs, 2);
    assert_int_equal(account_of(component, 0).total_allocs, 0);
    classic_free(second);
    classic_free(NULL);
    assert_int_equal(account_of(component, 1).size, 0);
}

/* The original's counters drifted upwards here. */
static void test_change_of_size(void **state) {
    (void)state;
    struct classic_component *component = classic_component_create(1);
    unsigned char *block = classic_malloc(component, 0, 100);
    memset(block, 0xa5, 100);
    block = classic_realloc(block, 5000);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(block[i], 0xa5);
    }
    struct classic_account account = account_of(component, 0);
    assert_int_equal(account.size, 5000);
    assert_int_equal(account.num_allocs, 1);
    assert_int_equal(account.total_allocs, 1);
    block = classic_realloc(block, 0);
    assert_non_null(block);
    account = account_of(component, 0);
    assert_int_equal(account.size, 0);
    assert_int_equal(account.max_size, 5000);
    assert_null(classic_realloc(block, SIZE_MAX));
    assert_int_equal(account_of(component, 0).num_allocs, 1);
    classic_free(block);
    assert_int_equal(account_of(component, 0).num_allocs, 0);
}

static void test_blocks(void **state) {
    (void)state;
    struct classic_component *component = classic_component_create(1);
    for (size_t bytes = 0; bytes < 300; bytes++) {
        unsigned char *block = classic_calloc(component, 0, bytes);
        assert_int_equal((uintptr_t)block % 16, 0);
        for (size_t i = 0; i < bytes; i++) {
            assert_int_equal(block[i], 0);
            block[i] = 0xff;
        }
        classic_free(block);
    }
    assert_null(classic_malloc(component, 0, SIZE_MAX));
    assert_int_equal(account_of(component, 0).size, 0);
}

/* ---- what ends the process ---- */

static struct classic_component *victim;

static void write_behind(void) {
    char *block = classic_malloc(victim, 0, 24);
    block[24] ^= 1;
    classic_free(block);
}

static void write_before(void) {
    char *block = classic_malloc(victim, 0, 24);
    memset(block - 16, 0, 16); /* the header's end */
    classic_free(block);
}

static void use_unknown_type(void) {
    classic_malloc(victim, 1, 24);
}

static void aborts(void (*misuse)(void)) {
    int status;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        signal(SIGABRT, SIG_DFL);
        misuse();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void test_aborts(void **state) {
    (void)state;
    victim = classic_component_create(1);
    aborts(write_behind);
    aborts(write_before);
    aborts(use_unknown_type);
}

/* ---- threads and sites ---- */

static size_t turns;

static void *hammer(void *arg) {
    struct classic_component *component = arg;
    for (size_t i = 0; i < turns; i++) {
        void *block = classic_malloc(component, 0, i % 100);
        block = classic_realloc(block, i % 77);
        classic_free(block);
    }
    return NULL;
}

static void test_threads(void **state) {
    (void)state;
    struct classic_component *component = classic_component_create(1);
    pthread_t threads[4];
    turns = test_scaled(20000);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, component), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    struct classic_account account = account_of(component, 0);
    assert_int_equal(account.size, 0);
    assert_int_equal(account.num_allocs, 0);
    assert_int_equal(account.total_allocs, 4 * turns);
    assert_true(account.max_num_allocs <= 4);
}

static void test_sites(void **state) {
    (void)state;
    struct classic_site *first = classic_site_create("a:text");
    struct classic_site *second = classic_site_create("a:node");
    struct classic_site *third = classic_site_create("b:text");
    assert_ptr_equal(classic_site_create("a:text"), first);
    assert_ptr_equal(first->component, second->component);
    assert_int_not_equal(first->type, second->type);
    assert_ptr_not_equal(first->component, third->component);
    void *block = classic_site_malloc(second, 10);
    assert_int_equal(account_of(second->component, second->type).size, 10);
    classic_free(block);
    block = classic_site_calloc(third, 10);
    assert_int_equal(account_of(third->component, third->type).size, 10);
    classic_free(block);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counters), cmocka_unit_test(test_change_of_size),
        cmocka_unit_test(test_blocks),   cmocka_unit_test(test_aborts),
        cmocka_unit_test(test_threads),  cmocka_unit_test(test_sites),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
