/* SPDX-License-Identifier: MIT */
/* The accounted heap: sizes, alignment, zeroing, realloc, copies of text, and what is refused. */
#include "unit.h"

#include "accounts.h"
#include "one_processor.h"
#include "pattern.h"
#include "scale.h"

#include <stdalign.h>

static const size_t too_large = ((size_t)2 << 30) + 1;

static bool is_aligned(const void *block, size_t align) {
    return (uintptr_t)block % align == 0;
}

static void sizes_from_nothing_on(void **state) {
    (void)state;
    for (size_t bytes = 0; bytes < 200000; bytes += bytes < 3000 ? 1 : bytes / 9) {
        errno = EXDEV;
        char *block = mempool_malloc(bytes, "sizes");
        assert_non_null(block);
        assert_int_equal(errno, EXDEV);
        assert_true(is_aligned(block, alignof(max_align_t)));
        size_t usable = mempool_usable_bytes(block);
        assert_in_range(usable, bytes > 0 ? bytes : 1, bytes + bytes / 8 + 16);
        memset(block, 0xa5, usable);
        assert_int_equal(block_description(block).bytes, bytes);
        assert_int_equal(block_description(block).usable_bytes, usable);
        mempool_free(block);
        assert_int_equal(errno, EXDEV);
        assert_int_equal(mempool_usable_bytes(block), 0);
    }
    assert_int_equal(mempool_usable_bytes(NULL), 0);
    assert_int_equal(mempool_usable_bytes(state), 0);
    mempool_free(NULL);
}

/* What was written and freed before must not show. */
static void calloc_after_use_is_zero(void **state) {
    (void)state;
    enum { N_BLOCKS = 20 };
    static const size_t sizes[] = {1, 16, 100, 129, 5000, 70000, 300000};
    unsigned char *blocks[N_BLOCKS];
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (int j = 0; j < N_BLOCKS; j++) {
            blocks[j] = mempool_malloc(sizes[i], "dirty");
            assert_non_null(blocks[j]);
            memset(blocks[j], 0xff, mempool_usable_bytes(blocks[j]));
        }
        for (int j = 0; j < N_BLOCKS; j++) {
            mempool_free(blocks[j]);
        }
        for (int j = 0; j < N_BLOCKS; j++) {
            blocks[j] = mempool_calloc(1, sizes[i], "clean");
            assert_non_null(blocks[j]);
            for (size_t k = 0; k < sizes[i]; k++) {
                assert_int_equal(blocks[j][k], 0);
            }
        }
        for (int j = 0; j < N_BLOCKS; j++) {
            mempool_free(blocks[j]);
        }
    }
    void *nothing = mempool_calloc(0, 100, "clean");
    assert_non_null(nothing);
    assert_int_equal(block_description(nothing).bytes, 0);
    mempool_free(nothing);
}

static void what_cannot_be_had(void **state) {
    (void)state;
    volatile size_t half = (size_t)1 << 32, all = SIZE_MAX;
    char *text;
    assert_refused(mempool_calloc(half, half, "much"), ENOMEM);
    assert_refused(mempool_calloc(all, 2, "much"), ENOMEM);
    assert_refused(mempool_calloc(2, all, "much"), ENOMEM);
    assert_refused(mempool_calloc(3, too_large / 3 + 1, "much"), ENOMEM);
    assert_refused(mempool_malloc(too_large, "much"), ENOMEM);
    assert_refused(mempool_malloc(all, "much"), ENOMEM);
    assert_refused(mempool_aligned(64, too_large, "much"), ENOMEM);
    assert_refused(mempool_aligned(4096, all, "much"), ENOMEM);
    assert_refused(mempool_realloc(NULL, all), ENOMEM);
    text = mempool_strdup("as it was", "much");
    assert_refused(mempool_realloc(text, too_large), ENOMEM);
    assert_string_equal(text, "as it was");
    mempool_free(text);
    assert_int_equal(account_of(mempool_component_process(), "much").total_blocks, 1);
}

static void the_largest_block(void **state) {
    (void)state;
    if (!test_runtime_is_plain()) {
        skip();
    }
    char *block = mempool_malloc(too_large - 1, "largest");
    assert_non_null(block);
    block[0] = block[too_large / 2] = block[too_large - 2] = 'x';
    assert_int_equal(mempool_usable_bytes(block), too_large - 1);
    assert_int_equal(account_of(mempool_component_process(), "largest").live_bytes, too_large - 1);
    mempool_free(block);
    assert_int_equal(account_of(mempool_component_process(), "largest").live_bytes, 0);
}

static void every_alignment(void **state) {
    (void)state;
    enum { N_BLOCKS = 12 };
    for (size_t align = 1; align <= 4096; align *= 2) {
        for (size_t bytes = 0; bytes < 20000; bytes += bytes / 3 + 7) {
            char *blocks[N_BLOCKS];
            for (int i = 0; i < N_BLOCKS; i++) {
                blocks[i] = mempool_aligned(align, bytes, "aligned");
                assert_non_null(blocks[i]);
                assert_true(is_aligned(blocks[i], align));
                assert_true(mempool_usable_bytes(blocks[i]) >= bytes);
                assert_int_equal(block_description(blocks[i]).bytes, bytes);
                memset(blocks[i], i, bytes);
            }
            for (int i = 0; i < N_BLOCKS; i++) {
                assert_true(bytes == 0 || (blocks[i][0] == i && blocks[i][bytes - 1] == i));
                mempool_free(blocks[i]);
            }
        }
    }
    static const size_t wrong[] = {0, 3, 24, 4095, 8192, (size_t)1 << 40, SIZE_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_refused(mempool_aligned(wrong[i], 100, "aligned"), EINVAL);
    }
}

/* ---- realloc --------------------------------------------------------------------------------- */

static void realloc_from_and_to_nothing(void **state) {
    (void)state;
    char *block = mempool_realloc(NULL, 40);
    assert_non_null(block);
    assert_ptr_equal(block_description(block).type, mempool_type(NULL));
    block = mempool_realloc(block, 0);
    assert_non_null(block);
    assert_int_equal(block_description(block).bytes, 0);
    assert_true(mempool_usable_bytes(block) > 0);
    block = mempool_realloc(block, 10);
    assert_non_null(block);
    mempool_free(block);
}

static void realloc_in_place(void **state) {
    (void)state;
    char *block = mempool_malloc(1000, "place");
    size_t usable = mempool_usable_bytes(block);
    for (size_t bytes = usable / 2 + 1; bytes <= usable; bytes++) {
        char *same = mempool_realloc(block, bytes);
        assert_ptr_equal(same, block);
        assert_int_equal(mempool_usable_bytes(same), usable);
        assert_int_equal(block_description(same).bytes, bytes);
        assert_int_equal(account_of(mempool_component_process(), "place").live_bytes, bytes);
    }
    mempool_free(block);
}

/* Random walks from small to huge and back. */
static void realloc_keeps_contents(void **state) {
    (void)state;
    static const size_t sizes[] = {1,      15,    16,      17,  200,   199,     5000,   70000,
                                   300000, 40000, 5000000, 100, 65536, 9000000, 262144, 262145,
                                   128,    129,   3000000, 2,   0,     1000};
    unsigned char *block = mempool_malloc(1, "walk");
    size_t before = 1;
    block[0] = pattern_byte(7, 0);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t bytes = sizes[i];
        block = mempool_realloc(block, bytes);
        assert_non_null(block);
        for (size_t j = 0; j < bytes && j < before; j += 1 + j / 64) {
            assert_int_equal(block[j], pattern_byte(7, j));
        }
        for (size_t j = 0; j < bytes; j++) {
            block[j] = pattern_byte(7, j);
        }
        struct mempool_block description = block_description(block);
        assert_int_equal(description.bytes, bytes);
        assert_ptr_equal(description.type, mempool_type("walk"));
        before = bytes;
    }
    mempool_free(block);
    struct mempool_account account = account_of(mempool_component_process(), "walk");
    assert_int_equal(account.live_bytes, 0);
    assert_int_equal(account.total_blocks, 1);
    assert_int_equal(account.total_frees, 1);
}

/* ---- text ------------------------------------------------------------------------------------ */

static void copies_of_text(void **state) {
    (void)state;
    char *empty = mempool_strdup("", "text"), *word = mempool_strdup("word", "text");
    char *part = mempool_strndup("abcdef", 3, "text"), *none = mempool_strndup("abc", 0, "text");
    char *all = mempool_strndup("abc", SIZE_MAX, "text");
    assert_string_equal(empty, "");
    assert_string_equal(word, "word");
    assert_string_equal(part, "abc");
    assert_string_equal(none, "");
    assert_string_equal(all, "abc");
    assert_int_equal(block_description(word).bytes, 5);
    assert_int_equal(block_description(part).bytes, 4);
    char *bytes = mempool_memdup("a\0b", 3, "text"), *no_bytes = mempool_memdup(NULL, 0, "text");
    assert_memory_equal(bytes, "a\0b", 3);
    assert_non_null(no_bytes);
    assert_int_equal(account_of(mempool_component_process(), "text").live_blocks, 7);
    char *blocks[] = {empty, word, part, none, all, bytes, no_bytes};
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        mempool_free(blocks[i]);
    }
}

static int format_by_list(char **ret, const char *format, ...) {
    va_list list;
    va_start(list, format);
    int length = mempool_vasprintf_typed(ret, mempool_type("format"), format, list);
    va_end(list);
    return length;
}

static void formatted_text(void **state) {
    (void)state;
    char *text;
    assert_int_equal(mempool_asprintf(&text, "format", "%s-%d", "abc", 42), 6);
    assert_string_equal(text, "abc-42");
    assert_int_equal(block_description(text).bytes, 7);
    mempool_free(text);
    assert_int_equal(mempool_asprintf(&text, "format", "%s", ""), 0);
    assert_string_equal(text, "");
    mempool_free(text);
    assert_int_equal(format_by_list(&text, "%0*d", 100000, 7), 100000);
    assert_int_equal(strlen(text), 100000);
    assert_int_equal(text[99999], '7');
    mempool_free(text);
    assert_int_equal(account_of(mempool_component_process(), "format").live_bytes, 0);
}

static void formatted_text_refused(void **state) {
    (void)state;
    struct mempool_component *narrow = component_of("narrow", NULL);
    struct mempool_component *before = mempool_component_enter(narrow);
    char *text = (char *)(uintptr_t)16;
    limit_hard(narrow, 50);
    errno = 0;
    assert_int_equal(mempool_asprintf(&text, "format", "%0100d", 1), -1);
    assert_null(text);
    assert_int_equal(errno, ENOMEM);
    assert_refused(mempool_strdup("0123456789012345678901234567890123456789012345678901", "text"),
                   ENOMEM);
    mempool_component_leave(before);
}

/* The functions behind the macros, for types that are looked up otherwise. */
static void types_as_handles(void **state) {
    (void)state;
    struct mempool_type *type = mempool_type("handle");
    char *text;
    char *copies[] = {mempool_strdup_typed("abc", type), mempool_memdup_typed("abc", 4, type),
                      mempool_strndup_typed("abcd", 3, type)};
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(copies[i], "abc");
        assert_ptr_equal(block_description(copies[i]).type, type);
        mempool_free(copies[i]);
    }
    assert_int_equal(mempool_asprintf_typed(&text, NULL, "%d", 1), 1);
    assert_ptr_equal(block_description(text).type, mempool_type(NULL));
    mempool_free(text);
    assert_int_equal(account_of(mempool_component_process(), "handle").total_frees, 3);
}

int main(void) {
    caches_stay();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_from_nothing_on),
        cmocka_unit_test(calloc_after_use_is_zero),
        cmocka_unit_test(what_cannot_be_had),
        cmocka_unit_test(the_largest_block),
        cmocka_unit_test(every_alignment),
        cmocka_unit_test(realloc_from_and_to_nothing),
        cmocka_unit_test(realloc_in_place),
        cmocka_unit_test(realloc_keeps_contents),
        cmocka_unit_test(copies_of_text),
        cmocka_unit_test(formatted_text),
        cmocka_unit_test(formatted_text_refused),
        cmocka_unit_test(types_as_handles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
