/* SPDX-License-Identifier: MIT */
/* Text into a fixed buffer. */
#include "base/text.h"

#include <string.h>

void text_init(struct text *text, char *buffer, size_t capacity_bytes) {
    text->buffer = buffer;
    text->capacity_bytes = capacity_bytes;
    text->length = 0;
    text->cut = false;
    buffer[0] = '\0';
}

void text_add_bytes(struct text *text, const char *bytes, size_t n) {
    size_t room = text->capacity_bytes - 1 - text->length;
    if (n > room) {
        n = room;
        text->cut = true;
    }
    memcpy(text->buffer + text->length, bytes, n);
    text->length += n;
    text->buffer[text->length] = '\0';
}

void text_add(struct text *text, const char *string) {
    text_add_bytes(text, string, strlen(string));
}

static void add_digits(struct text *text, uint64_t value, unsigned base) {
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    text_add_bytes(text, digits + at, sizeof digits - at);
}

void text_add_unsigned(struct text *text, uint64_t value) {
    add_digits(text, value, 10);
}

void text_add_signed(struct text *text, int64_t value) {
    if (value < 0) {
        text_add(text, "-");
        add_digits(text, 0 - (uint64_t)value, 10);
    } else {
        add_digits(text, (uint64_t)value, 10);
    }
}

void text_add_hex(struct text *text, uint64_t value) {
    text_add(text, "0x");
    add_digits(text, value, 16);
}

void text_add_escaped(struct text *text, const char *bytes, size_t n) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte >= 0x20 && byte != 0x7f && byte != '\\') {
            text_add_bytes(text, &bytes[i], 1);
        } else {
            const char escape[] = {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
            text_add_bytes(text, escape, sizeof escape);
        }
    }
}
