/* SPDX-License-Identifier: MIT */
/* Where a format goes. */
#include "export/output.h"

#include "base/utf8.h"
#include "sys/sys.h"

#include <string.h>

void export_begin(struct export_output *output,
                  int (*write)(void *arg, const char *bytes, size_t n), void *arg) {
    output->write = write;
    output->arg = arg;
    output->result = 0;
    text_init(&output->text, output->buffer, sizeof output->buffer);
}

static int write_to_fd(void *arg, const char *bytes, size_t n) {
    return sys_write((int)(intptr_t)arg, bytes, n);
}

void export_begin_fd(struct export_output *output, int fd) {
    export_begin(output, write_to_fd, (void *)(intptr_t)fd);
}

static void flush(struct export_output *output) {
    if (output->result == 0 && output->text.length > 0) {
        output->result = output->write(output->arg, output->buffer, output->text.length);
    }
    text_init(&output->text, output->buffer, sizeof output->buffer);
}

int export_end(struct export_output *output) {
    flush(output);
    return output->result;
}

void export_bytes(struct export_output *output, const char *bytes, size_t n) {
    while (n > 0) {
        size_t room = output->text.capacity_bytes - 1 - output->text.length;
        size_t part = n < room ? n : room;
        text_add_bytes(&output->text, bytes, part);
        bytes += part;
        n -= part;
        if (part == room) {
            flush(output);
        }
    }
}

void export_text(struct export_output *output, const char *text) {
    export_bytes(output, text, strlen(text));
}

/* Numbers are made whole before they go into the buffer, which may be about full. */
static struct text number(char buffer[24]) {
    struct text text;
    text_init(&text, buffer, 24);
    return text;
}

void export_unsigned(struct export_output *output, uint64_t value) {
    char buffer[24];
    struct text text = number(buffer);
    text_add_unsigned(&text, value);
    export_bytes(output, buffer, text.length);
}

void export_signed(struct export_output *output, int64_t value) {
    char buffer[24];
    struct text text = number(buffer);
    text_add_signed(&text, value);
    export_bytes(output, buffer, text.length);
}

void export_hex(struct export_output *output, uint64_t value) {
    char buffer[24];
    struct text text = number(buffer);
    text_add_hex(&text, value);
    export_bytes(output, buffer, text.length);
}

static void add_character(struct export_output *output, const char *text, size_t n) {
    if (n == 0) {
        export_text(output, UTF8_REPLACEMENT);
    } else if (*text == '"' || *text == '\\') {
        export_text(output, "\\");
        export_bytes(output, text, 1);
    } else if ((unsigned char)*text < ' ' || *text == 0x7f) {
        export_text(output, "?");
    } else {
        export_bytes(output, text, n);
    }
}

void export_quoted_part(struct export_output *output, const char *text, size_t n) {
    const char *end = text + n;
    export_text(output, "\"");
    while (text < end) {
        size_t length = utf8_character(text);
        add_character(output, text, length);
        text += length > 0 ? length : 1;
    }
    export_text(output, "\"");
}

void export_quoted(struct export_output *output, const char *text) {
    export_quoted_part(output, text, strlen(text));
}
