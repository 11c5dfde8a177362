/* SPDX-License-Identifier: MIT */
/* Which bytes are UTF-8; the table of well-formed sequences of the Unicode standard. */
#include "base/utf8.h"

#include <stdbool.h>

static bool is_between(char byte, unsigned char low, unsigned char high) {
    return (unsigned char)byte >= low && (unsigned char)byte <= high;
}

/* The second byte: after four of the first ones not every one will do. */
static bool second_fits(unsigned char first, char second) {
    switch (first) {
    case 0xe0:
        return is_between(second, 0xa0, 0xbf);
    case 0xed:
        return is_between(second, 0x80, 0x9f);
    case 0xf0:
        return is_between(second, 0x90, 0xbf);
    case 0xf4:
        return is_between(second, 0x80, 0x8f);
    default:
        return is_between(second, 0x80, 0xbf);
    }
}

size_t utf8_character(const char *text) {
    unsigned char first = (unsigned char)text[0];
    if (first < 0x80) {
        return 1;
    }
    if (first < 0xc2 || first > 0xf4 || !second_fits(first, text[1])) {
        return 0;
    }
    size_t n = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    for (size_t i = 2; i < n; i++) {
        if (!is_between(text[i], 0x80, 0xbf)) {
            return 0;
        }
    }
    return n;
}
