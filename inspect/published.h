/* SPDX-License-Identifier: MIT */
/* Finding a publication (view/publication.h) in a process, and which of its memory is in a file. */
#ifndef INSPECT_PUBLISHED_H
#define INSPECT_PUBLISHED_H

#include "inspect/mapped.h"
#include "view/publication.h"

enum { PUBLISHED_RANGES_MAX = 64 }; /* a header that tells more is not believed */

/* A publication, as far as finding memory goes. */
struct published {
    uint64_t header;           /* its address */
    uint64_t mapping_offset;   /* in the memfd */
    struct publication copied; /* as it was when ranges were read */
    size_t n_ranges;
    struct publication_range ranges[PUBLISHED_RANGES_MAX]; /* those that lie in the memfd */
};

/** published_find: the first in a process, by its folder /proc/PID, its maps, and /proc/PID/mem,
 *  which may be a negative errno. `is_meant`: it is this process that is asked for, so that it is
 *  worth while to look everywhere.
 *  Shape: 0 with *ret_file the memfd, or a negative errno where only memory can be read; -ENODATA:
 *         there is none; -EPERM: something may be one, and cannot be read; -EBADMSG: it is
 *         damaged. */
int published_find(struct published *ret, int *ret_file, int folder, const struct mapped_list *maps,
                   int memory, bool is_meant);

/** published_refresh: read the ranges again where the header has changed; 0, or as above. */
int published_refresh(struct published *published, int file);

/** published_in_file: whether all n bytes at an address lie in the memfd, and where. */
bool published_in_file(const struct published *published, uint64_t address, size_t n,
                       uint64_t *ret_offset);

#endif
