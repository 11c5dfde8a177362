/* SPDX-License-Identifier: MIT */
/* Accounted allocations: who is charged for what, by which type; realloc, copies, no memory. */
#include "compat.h"

#include "accounts.h"

enum heap_mem_types {
    heap_mt_first = gf_common_mt_end + 1,
    heap_mt_second,
    heap_mt_end,
};

static char name_a[] = "heap-a", name_b[] = "heap-b", name_c[] = "heap-c", name_d[] = "heap-d";

#define assert_account(translator, type, bytes, blocks, total)                                     \
    do {                                                                                           \
        struct mempool_account found = account_of((translator)->mem_acct.component, type);         \
        assert_int_equal(found.live_bytes, bytes);                                                 \
        assert_int_equal(found.live_blocks, blocks);                                               \
        assert_int_equal(found.total_blocks, total);                                               \
    } while (0)

static void blocks_are_charged_to_this_by_the_text_of_the_type(void **state) {
    (void)state;
    static xlator_t a = TRANSLATOR(name_a), b = TRANSLATOR(name_b);
    THIS = &a;
    char *first = GF_CALLOC(3, 100, heap_mt_first);
    char *second = GF_MALLOC(50, heap_mt_second);
    THIS = &b;
    char *others = GF_MALLOC(7, heap_mt_first);
    for (int i = 0; i < 300; i++) {
        assert_int_equal(first[i], 0);
    }
    assert_account(&a, "heap_mt_first", 300, 1, 1);
    assert_account(&a, "heap_mt_second", 50, 1, 1);
    assert_account(&b, "heap_mt_first", 7, 1, 1);
    /* THIS is b, the block is a's: a is credited */
    GF_FREE(first);
    assert_account(&a, "heap_mt_first", 0, 0, 1);
    assert_account(&b, "heap_mt_first", 7, 1, 1);
    THIS = &a;
    GF_FREE(others);
    assert_account(&b, "heap_mt_first", 0, 0, 1);
    errno = EXDEV;
    GF_FREE(second);
    GF_FREE(NULL);
    assert_int_equal(errno, EXDEV);
    assert_nothing_logged();
}

static void sites_are_the_callers(void **state) {
    (void)state;
    void *block = GF_MALLOC(5, heap_mt_first);
    uintptr_t here = (uintptr_t)sites_are_the_callers;
    assert_in_range(block_description(block).site, here, here + 4096);
    block = GF_REALLOC(block, 5000); /* moves */
    assert_in_range(block_description(block).site, here, here + 4096);
    GF_FREE(block);
}

/* The classic adds the new size and subtracts nothing. */
static void realloc_is_counted_right(void **state) {
    (void)state;
    static xlator_t c = TRANSLATOR(name_c), d = TRANSLATOR(name_d);
    THIS = &c;
    char *block = GF_MALLOC(100, heap_mt_first);
    strcpy(block, "kept");
    THIS = &d;
    for (size_t bytes = 200; bytes <= 200000; bytes *= 10) {
        block = GF_REALLOC(block, bytes);
        assert_string_equal(block, "kept");
        assert_account(&c, "heap_mt_first", bytes, 1, 1);
    }
    block = GF_REALLOC(block, 10);
    assert_account(&c, "heap_mt_first", 10, 1, 1);
    assert_true(d.mem_acct.component == NULL ||
                component_stats(d.mem_acct.component).live_bytes == 0);
    GF_FREE(block);
    assert_account(&c, "heap_mt_first", 0, 0, 1);
}

static void realloc_of_null_is_a_new_block(void **state) {
    (void)state;
    static xlator_t d = TRANSLATOR(name_d);
    THIS = &d;
    char *block = GF_REALLOC(NULL, 33);
    assert_non_null(block);
    assert_account(&d, "untyped", 33, 1, 1);
    GF_FREE(block);
    assert_account(&d, "untyped", 0, 0, 1);
}

static int format(char **ret, const char *text, ...) {
    va_list list;
    va_start(list, text);
    int length = gf_vasprintf(ret, text, list);
    va_end(list);
    return length;
}

static void copies_have_the_classics_types(void **state) {
    (void)state;
    static char its_name[] = "heap-copies";
    static xlator_t translator = TRANSLATOR(its_name);
    const char bytes[4] = {1, 0, 2, 3};
    char *text = NULL, *again = NULL;
    THIS = &translator;
    char *copy = gf_strdup("four"), *part = gf_strndup("seventeen", 5);
    assert_string_equal(copy, "four");
    assert_string_equal(part, "seven");
    assert_account(&translator, "gf_common_mt_strdup", 5 + 6, 2, 2);
    char *all = gf_memdup(bytes, sizeof bytes);
    assert_memory_equal(all, bytes, sizeof bytes);
    assert_account(&translator, "gf_common_mt_memdup", 4, 1, 1);
    assert_int_equal(gf_asprintf(&text, "%d-%s", 12, "x"), 4);
    assert_string_equal(text, "12-x");
    assert_int_equal(format(&again, "%s", "again"), 5);
    assert_string_equal(again, "again");
    assert_account(&translator, "gf_common_mt_asprintf", 5 + 6, 2, 2);
    assert_null(gf_strdup(NULL));
    assert_null(gf_strndup(NULL, 3));
    assert_null(gf_memdup(NULL, 3));
    assert_int_equal(gf_asprintf(NULL, "x"), -1);
    GF_FREE(copy);
    GF_FREE(part);
    GF_FREE(all);
    GF_FREE(text);
    GF_FREE(again);
    assert_int_equal(component_stats(translator.mem_acct.component).live_bytes, 0);
}

/* The classic's wrap at 4 GiB. Addresses alone: nothing is written. */
static void sums_pass_four_gib(void **state) {
    (void)state;
    enum { N = 3 };
    static char its_name[] = "heap-large";
    static xlator_t translator = TRANSLATOR(its_name);
    const uint64_t bytes = UINT64_C(2) << 30;
    void *blocks[N];
    THIS = &translator;
    for (int i = 0; i < N; i++) {
        blocks[i] = GF_MALLOC(bytes, heap_mt_first);
        if (blocks[i] == NULL) {
            skip(); /* under a tool that leaves little address space */
        }
    }
    assert_account(&translator, "heap_mt_first", N * bytes, N, N);
    for (int i = 0; i < N; i++) {
        GF_FREE(blocks[i]);
    }
    assert_account(&translator, "heap_mt_first", 0, 0, N);
}

/* A hard limit of the component: what is refused is logged, as the classic does. */
static void want_of_memory_is_an_alert(void **state) {
    (void)state;
    static char its_name[] = "heap-limited";
    static xlator_t translator = TRANSLATOR(its_name);
    static char long_text[5001];
    memset(long_text, 'x', 5000);
    assert_int_equal(xlator_mem_acct_init(&translator, heap_mt_end), 0);
    limit_hard(translator.mem_acct.component, 1000);
    THIS = &translator;
    void *block = GF_MALLOC(100, heap_mt_first), *none;
    assert_refused(none = GF_MALLOC(100000, heap_mt_first), ENOMEM);
    assert_logged(GF_LOG_ALERT, "", "no memory available for size (100000)");
    assert_refused(none = GF_CALLOC(1000, 100, heap_mt_first), ENOMEM);
    assert_logged(GF_LOG_ALERT, "", "no memory available for size (100000)");
    assert_refused(none = GF_REALLOC(block, 200000), ENOMEM);
    assert_logged(GF_LOG_ALERT, "", "no memory available for size (200000)");
    assert_refused(none = GF_CALLOC(SIZE_MAX, 2, heap_mt_first), ENOMEM);
    assert_int_equal(log_seen.kept[0].level, GF_LOG_ALERT);
    log_seen.n = 0;
    char *text = NULL;
    assert_refused(none = gf_strdup(long_text), ENOMEM);
    assert_logged(GF_LOG_ALERT, "", "no memory available for size (5001)");
    assert_int_equal(gf_asprintf(&text, "%s%d", long_text, 42), -1);
    assert_null(text);
    assert_logged(GF_LOG_ALERT, "", "no memory available for size (5003)");
    assert_account(&translator, "heap_mt_first", 100, 1, 1);
    GF_FREE(block);
    assert_nothing_logged();
}

static void misuse_is_logged_once(void **state) {
    (void)state;
    char *block = GF_MALLOC(40, heap_mt_first);
    GF_FREE(block);
    GF_FREE(block);
    assert_int_equal(log_seen.n, 1);
    assert_int_equal(log_seen.kept[0].level, GF_LOG_CRITICAL);
    assert_non_null(strstr(log_seen.kept[0].text, "\nmempool: misuse: double-put "));
    assert_null(strstr(log_seen.kept[0].text, "mem_put called"));
    log_seen.n = 0;
    char *none;
    assert_refused(none = GF_REALLOC(block, 50), EINVAL);
    assert_int_equal(log_seen.n, 1);
    assert_non_null(strstr(log_seen.kept[0].text, "\nmempool: misuse: double-put "));
    log_seen.n = 0;
    struct mem_pool *pool = mem_pool_new(long, 1);
    long *object = mem_get(pool);
    GF_FREE(object);
    assert_non_null(strstr(log_seen.kept[0].text, "\nmempool: misuse: wrong-call "));
    mem_put(object);
    mem_pool_destroy(pool);
}

static void libcs_memory_stays_libcs(void **state) {
    (void)state;
    char *block = CALLOC(2, 10);
    assert_int_equal(block[19], 0);
    assert_int_equal(mempool_usable_bytes(block), 0);
    block = REALLOC(block, 100);
    FREE(block);
    assert_int_equal((uintptr_t)block, 0xeeeeeeee);
    block = NULL;
    FREE(block);
    assert_null(block);
    block = MALLOC(10);
    assert_non_null(block);
    free(block);
    assert_nothing_logged();
    /* what all three do with the result of libc's */
    assert_null(gf_libc_logged(NULL, 77));
    assert_logged(GF_LOG_ALERT, "", "no memory available for size (77)");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        log_test(blocks_are_charged_to_this_by_the_text_of_the_type),
        log_test(sites_are_the_callers),
        log_test(realloc_is_counted_right),
        log_test(realloc_of_null_is_a_new_block),
        log_test(copies_have_the_classics_types),
        log_test(sums_pass_four_gib),
        log_test(want_of_memory_is_an_alert),
        log_test(misuse_is_logged_once),
        log_test(libcs_memory_stays_libcs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
