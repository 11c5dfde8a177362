/* SPDX-License-Identifier: MIT */
/* What a process has mapped where: /proc/PID/maps, or the same of a core file. */
#ifndef INSPECT_MAPPED_H
#define INSPECT_MAPPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MAPPED_READ = 1,
    MAPPED_WRITE = 2,
    MAPPED_EXECUTE = 4,
    MAPPED_SHARED = 8,
};

struct mapped {
    uint64_t start, end;
    uint64_t file_offset;
    uint64_t device; /* of the file, as makedev(3) has it */
    uint64_t inode;  /* 0: of no file, or not told */
    unsigned rights;
    bool has_rights;  /* they are known: not all core files tell */
    bool is_deleted;  /* the file has no such name any more; `path` is without " (deleted)" */
    const char *path; /* "": none; "[heap]" and the like as the kernel has them */
};

/* By address. Zero-fill it, fill it, and release it. */
struct mapped_list {
    struct mapped *list;
    size_t n, room;
    char *text; /* what paths are parts of */
};

/** mapped_parse: take the text of a maps file, which is changed, and becomes the list's; lines that
 *  are no mapping are left out.  0 or -ENOMEM. */
int mapped_parse(struct mapped_list *ret, char *text);

/** mapped_read: those of a process, by the folder /proc/PID; 0 or a negative errno. */
int mapped_read(struct mapped_list *ret, int folder);

/** mapped_add: one more; 0 or -ENOMEM. Paths are not copied. */
int mapped_add(struct mapped_list *list, const struct mapped *mapped);

/** mapped_find: what an address lies in, or NULL. */
const struct mapped *mapped_find(const struct mapped_list *list, uint64_t address);

/** mapped_release: give the memory back. */
void mapped_release(struct mapped_list *list);

#endif
