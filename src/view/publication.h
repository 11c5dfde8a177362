/* SPDX-License-Identifier: MIT */
/* The publication: what a process says of itself, so that others can read its books.
 *
 * THEORY
 *
 * A process that has a pool has one mapping of a memfd named "mempool" (in /proc/PID/maps:
 * "/memfd:mempool"), which begins with this header. No file is left behind, and who may open
 * /proc/PID/fd and /proc/PID/mem (the same user, or root) may read it. The header tells
 *
 *      fields    where in which struct the library keeps what, and how many bytes it has
 *      numbers   addresses of the roots (lists, tables), and constants of the format
 *      ranges    which addresses may be read, and where in the memfd they lie, if they do
 *
 * so that a reader finds its way by names, whatever version wrote it. The structs themselves are
 * the library's live ones: nothing is copied for readers, and publishing costs gets and puts
 * nothing. What the counters' structs hold lies in the memfd; records of single objects lie in the
 * process's private memory, and are read through /proc/PID/mem. A core file has both.
 *
 * `major` changes when an old reader would misunderstand; what is only added makes `minor` grow.
 * A name keeps its meaning for ever; a reader that misses a name says which. */
#ifndef MEMPOOL_VIEW_PUBLICATION_H
#define MEMPOOL_VIEW_PUBLICATION_H

#include <stdint.h>

#define PUBLICATION_MAGIC "mempool-publish\n" /* 16 bytes, without its NUL */
#define PUBLICATION_NAME "mempool"            /* of the memfd */

enum {
    PUBLICATION_MAJOR = 1,
    PUBLICATION_MINOR = 0,
    PUBLICATION_BYTES = 64 << 10, /* of the header with its tables: at most */
    PUBLICATION_NAME_BYTES = 32,
    PUBLICATION_ORDER = 0x01020304, /* as the process writes it: tells the order of bytes */
};

/* One field of a struct, or (field "") the struct itself, with its size. */
struct publication_field {
    char structure[PUBLICATION_NAME_BYTES];
    char field[PUBLICATION_NAME_BYTES];
    uint32_t offset;
    uint32_t bytes;
};

struct publication_number {
    char name[PUBLICATION_NAME_BYTES];
    uint64_t value;
};

struct publication_range {
    char name[PUBLICATION_NAME_BYTES];
    uint64_t start, bytes; /* addresses in the process */
    uint64_t file_offset;  /* in the memfd; UINT64_MAX: not there */
};

struct publication {
    char magic[16];
    uint32_t order;
    uint32_t major, minor;
    uint32_t pointer_bytes;
    uint64_t address;       /* of this header in the process */
    uint64_t bytes;         /* of it with its tables */
    uint64_t pid;           /* of who wrote it; after a fork the child writes its own */
    uint64_t start_seconds; /* since 1970 */
    char version[16];       /* of the library */
    char program[48];       /* short name */
    /* offsets from here */
    uint32_t fields, n_fields;
    uint32_t numbers, n_numbers;
    uint32_t ranges, n_ranges;
    uint64_t checksum; /* FNV-1a, 64 bits, of all of it with this field 0: tells damage from age */
};

#endif
