/* SPDX-License-Identifier: MIT */
/* export_output: pieces of any length arrive whole, in order, and the first error is the last. */
#include "unit.h"

#include "export/output.h"

enum { TEXT_BYTES = 40000 };

struct taken {
    char text[TEXT_BYTES];
    size_t length;
    int calls, fails_at; /* the call that fails; 0: none */
};

static int take(void *arg, const char *bytes, size_t n) {
    struct taken *taken = arg;
    CHECK(n > 0 && n <= TEXT_BYTES - taken->length);
    memcpy(taken->text + taken->length, bytes, n);
    taken->length += n;
    taken->calls++;
    return taken->calls == taken->fails_at ? -ENOSPC : 0;
}

static void pieces_of_any_length(void **state) {
    static struct taken taken;
    static char wanted[TEXT_BYTES], piece[TEXT_BYTES];
    (void)state;
    for (size_t length = 1; length < 9000; length += 1 + length / 3) {
        struct export_output output;
        size_t total = 0;
        memset(&taken, 0, sizeof taken);
        export_begin(&output, take, &taken);
        while (total + length < TEXT_BYTES) {
            for (size_t i = 0; i < length; i++) {
                piece[i] = wanted[total + i] = (char)('a' + (total + i) % 26);
            }
            export_bytes(&output, piece, length);
            total += length;
        }
        assert_int_equal(export_end(&output), 0);
        assert_int_equal(taken.length, total);
        assert_memory_equal(taken.text, wanted, total);
    }
}

static void numbers(void **state) {
    static struct taken taken;
    struct export_output output;
    (void)state;
    export_begin(&output, take, &taken);
    export_unsigned(&output, UINT64_MAX);
    export_text(&output, " ");
    export_signed(&output, INT64_MIN);
    export_text(&output, " ");
    export_signed(&output, 0);
    export_text(&output, " ");
    export_hex(&output, 0xabcdef0123456789);
    assert_int_equal(export_end(&output), 0);
    taken.text[taken.length] = '\0';
    assert_string_equal(taken.text,
                        "18446744073709551615 -9223372036854775808 0 0xabcdef0123456789");
}

static void check_quoted(const char *text, const char *wanted) {
    static struct taken taken;
    struct export_output output;
    taken.length = 0;
    export_begin(&output, take, &taken);
    export_quoted(&output, text);
    assert_int_equal(export_end(&output), 0);
    taken.text[taken.length] = '\0';
    assert_string_equal(taken.text, wanted);
}

static void quoted(void **state) {
    (void)state;
    check_quoted("", "\"\"");
    check_quoted("plain", "\"plain\"");
    check_quoted("a\"b\\c/", "\"a\\\"b\\\\c/\"");
    check_quoted("\n\x01\x7f\x1f", "\"????\"");
    check_quoted("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
                 "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
    check_quoted("\xff", "\"\xef\xbf\xbd\"");
    check_quoted("\xc3", "\"\xef\xbf\xbd\"");
    check_quoted("\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"");
}

/* What comes behind an error goes nowhere. */
static void the_first_error(void **state) {
    static struct taken taken;
    struct export_output output;
    (void)state;
    taken.fails_at = 2;
    export_begin(&output, take, &taken);
    for (int i = 0; i < TEXT_BYTES; i++) {
        export_text(&output, "x");
    }
    assert_int_equal(export_end(&output), -ENOSPC);
    assert_int_equal(taken.calls, 2);
    export_begin_fd(&output, -1);
    export_text(&output, "x");
    assert_int_equal(export_end(&output), -EBADF);
    export_begin_fd(&output, -1);
    assert_int_equal(export_end(&output), 0); /* nothing was written */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_of_any_length),
        cmocka_unit_test(numbers),
        cmocka_unit_test(quoted),
        cmocka_unit_test(the_first_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
