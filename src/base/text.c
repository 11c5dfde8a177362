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
