/* SPDX-License-Identifier: MIT */
/* Where a process's memory is read: an interface; see view/snapshot.h. */
#ifndef MEMPOOL_VIEW_SOURCE_H
#define MEMPOOL_VIEW_SOURCE_H

#include <stddef.h>
#include <stdint.h>

struct view_source {
    /* Copy n bytes from an address in the process. 0; -EFAULT: it has no such memory; -EPERM: we
     * may not look; another negative errno. All or nothing. */
    int (*read)(struct view_source *source, uint64_t address, void *into, size_t n);
    uint64_t header; /* the address of its publication (view/publication.h) */
    int64_t pid;     /* 0: not known, use what is published */
    int kind;        /* enum snapshot_source */
};

static inline int view_read(struct view_source *source, uint64_t address, void *into, size_t n) {
    return source->read(source, address, into, n);
}

#endif
