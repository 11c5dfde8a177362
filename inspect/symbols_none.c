/* SPDX-License-Identifier: MIT */
/* Symbols, in a build without elfutils: none. */
#include <errno.h>
#include <stddef.h>

#include "inspect/symbols.h"

struct symbols *symbols_read(int fd, const char *build_id) {
    (void)fd;
    (void)build_id;
    errno = ENOTSUP;
    return NULL;
}

const char *symbols_find(const struct symbols *symbols, uint64_t address, uint64_t *ret_behind) {
    (void)symbols;
    (void)address;
    (void)ret_behind;
    return NULL;
}

void symbols_free(struct symbols *symbols) {
    (void)symbols;
}
