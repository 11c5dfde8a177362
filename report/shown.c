/* SPDX-License-Identifier: MIT */
/* Which bytes are characters that may be shown. */
#include "report/shown.h"

#include <stdint.h>

size_t shown_character(const char *text) {
    unsigned char first = (unsigned char)*text;
    if (first < 0x80) {
        return first >= 0x20 && first != 0x7f;
    }
    size_t n = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (first < 0xc2 || first > 0xf4) {
        return 0;
    }
    uint32_t code = first & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        unsigned char byte = (unsigned char)text[i]; /* a NUL ends this */
        if ((byte & 0xc0) != 0x80) {
            return 0;
        }
        code = code << 6 | (byte & 0x3f);
    }
    int is_surrogate = code >= 0xd800 && code <= 0xdfff;
    /* C1 controls, and what turns the direction of text around. */
    int is_control = (code >= 0x80 && code < 0xa0) || (code >= 0x202a && code <= 0x202e) ||
                     (code >= 0x2066 && code <= 0x2069) || code == 0x2028 || code == 0x2029;
    return code < least[n] || code > 0x10ffff || is_surrogate || is_control ? 0 : n;
}
