/* SPDX-License-Identifier: MIT */
/* Text on its way to a descriptor. */
#include "observe/output.h"

#include "observe/census.h"
#include "sys/sys.h"

#include <string.h>

enum {
    LINE_BYTES = 1536, /* numbers, a site, and a name of which each byte is escaped */
    NAME_BYTES = 160,
    SITE_BYTES = 640,
    ESCAPE_BYTES = 4,
};

void output_begin(struct output *output, int fd) {
    output->fd = fd;
    output->result = 0;
    text_init(&output->text, output->buffer, sizeof output->buffer);
}

void output_flush(struct output *output) {
    if (output->result == 0 && output->text.length > 0) {
        output->result = sys_write(output->fd, output->buffer, output->text.length);
    }
    text_init(&output->text, output->buffer, sizeof output->buffer);
}

struct text *output_line(struct output *output) {
    if (output->text.length + LINE_BYTES > sizeof output->buffer) {
        output_flush(output);
    }
    return &output->text;
}

void output_escaped(struct output *output, const char *string) {
    for (; *string != '\0'; string++) {
        if (output->text.length + ESCAPE_BYTES >= sizeof output->buffer) {
            output_flush(output);
        }
        text_add_escaped(&output->text, string, 1);
    }
}

void output_number(struct text *text, uint64_t value, size_t width) {
    char digits[24];
    struct text number;
    text_init(&number, digits, sizeof digits);
    text_add_unsigned(&number, value);
    for (size_t i = number.length; i < width; i++) {
        text_add(text, " ");
    }
    text_add_bytes(text, digits, number.length);
}

void output_name(struct text *text, uint32_t whose, size_t width) {
    char name[NAME_BYTES];
    size_t before = text->length;
    census_name(whose, name, sizeof name);
    text_add_escaped(text, name, strlen(name));
    while (text->length - before < width && !text->cut) {
        text_add(text, " ");
    }
}

uintptr_t output_site(struct text *text, uint32_t site) {
    uintptr_t address = sys_code_address(site, true);
    if (address != 0) {
        /* However long the name is, the line has its end. */
        char name[SITE_BYTES], escaped[SITE_BYTES];
        struct text symbol;
        text_init(&symbol, name, sizeof name);
        sys_symbol(address, &symbol, true);
        size_t length = symbol.length;
        text_init(&symbol, escaped, sizeof escaped);
        text_add_escaped(&symbol, name, length);
        text_add_bytes(text, escaped, symbol.length);
    } else {
        text_add(text, "?");
        text_add_hex(text, site);
    }
    return address;
}
