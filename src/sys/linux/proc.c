/* SPDX-License-Identifier: MIT */
/* Reading /proc. */
#include "sys/linux/proc.h"

#include <unistd.h>

static int next_byte(struct proc_reader *reader) {
    if (reader->at == reader->n) {
        ssize_t n = read(reader->fd, reader->bytes, sizeof reader->bytes);
        if (n <= 0) {
            return -1;
        }
        reader->at = 0;
        reader->n = (size_t)n;
    }
    return (unsigned char)reader->bytes[reader->at++];
}

bool proc_next_line(struct proc_reader *reader, char *line, size_t line_bytes) {
    size_t n = 0;
    int byte;
    while ((byte = next_byte(reader)) >= 0 && byte != '\n') {
        if (n + 1 < line_bytes) {
            line[n++] = (char)byte;
        }
    }
    line[n] = '\0';
    return byte >= 0;
}

const char *proc_hex(const char *from, uintptr_t *ret_value) {
    uintptr_t value = 0;
    for (;; from++) {
        if (*from >= '0' && *from <= '9') {
            value = value << 4 | (uintptr_t)(*from - '0');
        } else if (*from >= 'a' && *from <= 'f') {
            value = value << 4 | (uintptr_t)(*from - 'a' + 10);
        } else {
            *ret_value = value;
            return from;
        }
    }
}
