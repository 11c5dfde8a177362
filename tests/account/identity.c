/* SPDX-License-Identifier: MIT */
/* What a block, a type and a component are called, who is told of them, and who is not. */
#include "unit.h"

#include "accounts.h"
#include "resident.h"
#include "scale.h"
#include "threads.h"

#include <sys/syscall.h>

/* The longest that a sanitizer makes one of the small functions here. */
enum { FUNCTION_BYTES_MAX = 4096 };

__attribute__((noinline)) static void *allocate_here(size_t bytes) {
    void *block = mempool_malloc(bytes, "described");
    assert_non_null(block);
    return block;
}

__attribute__((noinline)) static void *grow_here(void *block, size_t bytes) {
    void *moved = mempool_realloc(block, bytes);
    assert_non_null(moved);
    return moved;
}

__attribute__((noinline)) static char *format_here(int number) {
    char *text;
    assert_int_equal(mempool_asprintf(&text, "described", "%03d", number), 3);
    return text;
}

static bool site_is_in(uintptr_t site, uintptr_t function) {
    return site > function && site - function < FUNCTION_BYTES_MAX;
}

/* ---- types ----------------------------------------------------------------------------------- */

static void the_same_text_the_same_type(void **state) {
    (void)state;
    char text[] = "a type", other[] = "a type";
    struct mempool_type *type = mempool_type(text);
    assert_non_null(type);
    assert_ptr_equal(mempool_type(other), type);
    text[0] = 'b'; /* the text was the caller's */
    assert_ptr_not_equal(mempool_type(text), type);
    assert_ptr_equal(mempool_type("a type"), type);
    for (int i = 0; i < 3; i++) {
        assert_ptr_equal(MEMPOOL_TYPE("a type"), type);
    }
    assert_non_null(mempool_type(NULL));
    assert_ptr_equal(mempool_type(NULL), mempool_type("untyped"));
    void *block = mempool_malloc_typed(10, NULL);
    assert_ptr_equal(block_description(block).type, mempool_type(NULL));
    assert_string_equal(account_of(mempool_component_process(), NULL).type_name, "untyped");
    mempool_free(block);
}

static void names_are_kept_in_one_line(void **state) {
    (void)state;
    char longer[200];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    struct mempool_type *type = mempool_type(longer);
    longer[150] = 'y'; /* beyond what is kept */
    assert_ptr_equal(mempool_type(longer), type);
    void *block = mempool_malloc_typed(1, type);
    size_t length = strlen(account_of(mempool_component_process(), longer).type_name);
    assert_int_equal(length, MEMPOOL_ACCOUNT_NAME_BYTES - 1);
    mempool_free(block);
    block = mempool_malloc(1, "a\nb\tc\x7f\x01");
    struct mempool_account account = account_of(mempool_component_process(), "a\nb\tc\x7f\x01");
    assert_string_equal(account.type_name, "a?b?c??");
    mempool_free(block);
    struct mempool_component *component = component_of("one\nline", NULL);
    assert_string_equal(component_stats(component).name, "one?line");
    longer[150] = 'x';
    component = component_of(longer, NULL);
    assert_int_equal(strlen(component_stats(component).name), MEMPOOL_ACCOUNT_NAME_BYTES - 1);
}

/* The last of all tests: what is registered stays. */
static void more_types_than_fit(void **state) {
    (void)state;
    char name[32];
    struct mempool_type *other = mempool_type("other"), *type = NULL;
    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "filler %d", i);
        type = mempool_type(name);
        assert_non_null(type);
    }
    assert_ptr_equal(type, other);
    assert_ptr_not_equal(mempool_type("filler 0"), other);
    void *block = mempool_malloc_typed(10, type);
    assert_non_null(block);
    assert_int_equal(account_of(mempool_component_process(), "other").live_blocks, 1);
    mempool_free(block);
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static void a_block_described(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 100, 5000, 1000000};
    struct mempool_component *component = component_of("describer", NULL);
    struct mempool_component *before = mempool_component_enter(component);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char *block = allocate_here(sizes[i]);
        struct mempool_block description = block_description(block);
        assert_int_equal(description.struct_size, sizeof description);
        assert_ptr_equal(description.block, block);
        assert_int_equal(description.bytes, sizes[i]);
        assert_int_equal(description.usable_bytes, mempool_usable_bytes(block));
        assert_ptr_equal(description.component, component);
        assert_ptr_equal(description.type, mempool_type("described"));
        assert_true(site_is_in(description.site, (uintptr_t)allocate_here));
        assert_int_equal(description.thread, syscall(SYS_gettid));
        assert_int_equal(description.thread_exited, 0);
        assert_in_range(description.age_seconds, 0, 60);
        block = grow_here(block, sizes[i] * 3 + 100);
        description = block_description(block);
        assert_int_equal(description.bytes, sizes[i] * 3 + 100);
        assert_ptr_equal(description.component, component);
        assert_true(site_is_in(description.site, (uintptr_t)grow_here));
        mempool_free(block);
        assert_int_equal(mempool_block_describe(block, &description), -EINVAL);
    }
    char *text = format_here(7);
    assert_true(site_is_in(block_description(text).site, (uintptr_t)format_here));
    mempool_free(text);
    mempool_component_leave(before);
}

static void *allocate_on_thread(void *ret) {
    *(void **)ret = mempool_malloc(10, "described");
    return NULL;
}

static void a_block_of_a_thread_that_ended(void **state) {
    (void)state;
    void *block = NULL;
    thread_run(allocate_on_thread, &block);
    struct mempool_block description = block_description(block);
    assert_int_equal(description.thread_exited, 1);
    assert_int_not_equal(description.thread, 0);
    assert_int_not_equal(description.thread, syscall(SYS_gettid));
    assert_ptr_equal(description.component, mempool_component_process());
    mempool_free(block);
}

static void what_is_no_block(void **state) {
    (void)state;
    struct mempool_block description = {.struct_size = sizeof description, .bytes = 4711};
    struct mempool *pool = pool_of(64);
    char *object = mempool_get(pool), *block = mempool_malloc(100, "described");
    char *no_blocks[] = {NULL,       object,     object + 32,
                         block + 1,  block + 56, block + mempool_usable_bytes(block) / 2,
                         block + 16, (char *)&description, (char *)(uintptr_t)16};
    for (size_t i = 0; i < sizeof no_blocks / sizeof no_blocks[0]; i++) {
        assert_int_equal(mempool_block_describe(no_blocks[i], &description), -EINVAL);
        assert_int_equal(mempool_usable_bytes(no_blocks[i]), 0);
    }
    assert_int_equal(description.bytes, 4711);
    assert_int_equal(mempool_block_describe(block, NULL), -EINVAL);
    description.struct_size = 8;
    assert_int_equal(mempool_block_describe(block, &description), -EINVAL);
    mempool_free(block);
    mempool_put(object);
    assert_int_equal(mempool_destroy(pool), 0);
    assert_int_equal(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 0);
}

/* ---- the heap and the pools ------------------------------------------------------------------ */

static int visit_pool(struct mempool *pool, void *expected) {
    assert_ptr_equal(pool, *(struct mempool **)expected);
    return 0;
}

static void classes_are_nobodys_pools(void **state) {
    (void)state;
    void *block = mempool_malloc(64, "hidden"), *large = mempool_malloc(1 << 20, "hidden");
    struct mempool *pool = pool_of(64);
    char text[4096] = "";
    assert_int_equal(mempool_list(visit_pool, &pool), 1);
    assert_null(mempool_of(block));
    assert_null(mempool_of(large));
    assert_null(address_description(block).pool);
    assert_int_equal(address_state(block), MEMPOOL_STATE_LIVE);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(mempool_dump(ends[1]), 0);
    close(ends[1]);
    assert_true(read(ends[0], text, sizeof text - 1) > 0);
    close(ends[0]);
    assert_non_null(strstr(text, "pool-name=test:thing\n"));
    assert_null(strstr(text, "heap"));
    assert_int_equal(mempool_destroy(pool), 0);
    mempool_free(block);
    mempool_free(large);
    assert_int_equal(mempool_list(visit_pool, NULL), 0);
}

/* Memory that a peak left free goes back, of small blocks and of large ones. */
static void trim_gives_back(void **state) {
    (void)state;
    enum { N_SMALL = 100000, N_LARGE = 20, SMALL = 300, LARGE = 2 << 20 };
    static void *blocks[N_SMALL], *large[N_LARGE];
    (void)mempool_trim(NULL);
    size_t before = resident_bytes();
    for (int i = 0; i < N_SMALL; i++) {
        blocks[i] = mempool_malloc(SMALL, "trimmed");
        assert_non_null(blocks[i]);
        memset(blocks[i], 1, SMALL);
    }
    for (int i = 0; i < N_LARGE; i++) {
        large[i] = mempool_malloc(LARGE, "trimmed");
        assert_non_null(large[i]);
        memset(large[i], 1, LARGE);
    }
    size_t all = (size_t)N_SMALL * SMALL + (size_t)N_LARGE * LARGE;
    size_t peak = resident_bytes();
    for (int i = 0; i < N_SMALL; i++) {
        mempool_free(blocks[i]);
    }
    for (int i = 0; i < N_LARGE; i++) {
        mempool_free(large[i]);
    }
    size_t given = mempool_trim(NULL);
    assert_true(given > (size_t)N_SMALL * SMALL * 9 / 10);
    if (test_runtime_is_plain()) {
        assert_true(peak - before > all * 9 / 10);
        assert_true(peak - resident_bytes() > all * 9 / 10);
    }
    void *block = mempool_calloc(1, SMALL, "trimmed");
    assert_non_null(block);
    mempool_free(block);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_text_the_same_type),
        cmocka_unit_test(names_are_kept_in_one_line),
        cmocka_unit_test(a_block_described),
        cmocka_unit_test(a_block_of_a_thread_that_ended),
        cmocka_unit_test(what_is_no_block),
        cmocka_unit_test(classes_are_nobodys_pools),
        cmocka_unit_test(trim_gives_back),
        cmocka_unit_test(more_types_than_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
