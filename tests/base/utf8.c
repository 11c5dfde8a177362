/* SPDX-License-Identifier: MIT */
/* utf8_character, against every character there is, and every pair of bytes. */
#include "unit.h"

#include "base/utf8.h"

/* How RFC 3629 writes a code point; its length. */
static size_t encode(uint32_t point, char ret[5]) {
    size_t n = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n - 1; i > 0; i--) {
        ret[i] = (char)(0x80 | (point & 0x3f));
        point >>= 6;
    }
    ret[0] = (char)(first[n] | point);
    ret[n] = '\0';
    return n;
}

static void every_character(void **state) {
    char text[5];
    (void)state;
    for (uint32_t point = 0; point < 0x110000; point++) {
        bool is_surrogate = point >= 0xd800 && point < 0xe000;
        size_t n = encode(point, text);
        assert_int_equal(utf8_character(text), is_surrogate ? 0 : n);
        if (n > 1) {
            text[n - 1] = '\0'; /* cut off */
            assert_int_equal(utf8_character(text), 0);
        }
    }
}

static void what_is_none(void **state) {
    (void)state;
    assert_int_equal(utf8_character(""), 1);
    for (int first = 0x80; first < 0x100; first++) {
        for (int second = 1; second < 0x100; second++) {
            char text[] = {(char)first, (char)second, 'x', '\0'};
            bool is_two = first >= 0xc2 && first < 0xe0 && second >= 0x80 && second < 0xc0;
            assert_int_equal(utf8_character(text), is_two ? 2 : 0);
        }
    }
    assert_int_equal(utf8_character("\xe0\x9f\xbf"), 0);     /* overlong */
    assert_int_equal(utf8_character("\xf0\x8f\xbf\xbf"), 0); /* overlong */
    assert_int_equal(utf8_character("\xf4\x90\x80\x80"), 0); /* beyond the last */
    assert_int_equal(utf8_character("\xf5\x80\x80\x80"), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_character),
        cmocka_unit_test(what_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
