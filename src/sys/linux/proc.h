/* SPDX-License-Identifier: MIT */
/* Reading /proc without malloc. */
#ifndef MEMPOOL_SYS_LINUX_PROC_H
#define MEMPOOL_SYS_LINUX_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROC_LINE_BYTES = 512 }; /* longest line that is read whole; longer ones are cut */

/* A buffered reader of lines. */
struct proc_reader {
    int fd;
    size_t at, n;
    char bytes[2048];
};

/* One line without its end; what is longer than the buffer is dropped. False at the end. */
bool proc_next_line(struct proc_reader *reader, char *line, size_t line_bytes);

/* A hexadecimal number; where it ends. */
const char *proc_hex(const char *from, uintptr_t *ret_value);

#endif
