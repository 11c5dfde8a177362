/* SPDX-License-Identifier: MIT */
/* The functions of a program or library, by the symbols of its file. */
#ifndef INSPECT_SYMBOLS_H
#define INSPECT_SYMBOLS_H

#include <stdint.h>

struct symbols;

/** symbols_read: of an open file, which may be closed afterwards; and of a file of debug
 *  information with that build id, where one is installed.
 *  Shape: to be given back by symbols_free; NULL with errno: ENOMEM; ESTALE: the file has another
 *         build id than `build_id` ("": any will do); ENOEXEC: it cannot be read; ENOTSUP: this
 *         build has no symbols (it was made without elfutils).
 *  Cost:  reads the whole table of symbols, and sorts it. */
struct symbols *symbols_read(int fd, const char *build_id);

/** symbols_find: the function that an address in the file lies in, as if not moved at loading, and
 *  how far behind its start; NULL: in none. Lives as long as the symbols. */
const char *symbols_find(const struct symbols *symbols, uint64_t address, uint64_t *ret_behind);

/** symbols_free: NULL is ignored. */
void symbols_free(struct symbols *symbols);

#endif
