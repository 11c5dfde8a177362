/* SPDX-License-Identifier: MIT */
/* The programs and libraries that a process has mapped, and the names of its call sites.
 *
 * A record has the low 32 bits of an address of code. The full one is that which lies in an image's
 * code, as the library itself finds it; images are asked by address, the program first.
 *
 * What was found is kept, so that looking at the same process again and again costs little. */
#ifndef INSPECT_IMAGES_H
#define INSPECT_IMAGES_H

#include "inspect/core.h"
#include "inspect/process.h"
#include "view/snapshot.h"

struct images;

/** images_of_process, images_of_core: NULL: no memory. They use what they are given until
 *  images_free. */
struct images *images_of_process(struct process *process);
struct images *images_of_core(struct core *core);

/** images_resolve: fill in a snapshot's images, each group's site in full with image, offset and
 *  symbol, and the frames of its stacks. What cannot be found keeps the number as its symbol.
 *  Shape: 0, or a negative errno (-ENOMEM; -ESRCH: the process has ended); the snapshot is usable in
 *         any case. */
int images_resolve(struct images *images, struct snapshot *snapshot);

/* One address of code. Texts live until images_free. */
struct images_site {
    uint64_t address;     /* in full */
    const char *path;     /* "": in no image */
    const char *build_id; /* "": none */
    uint64_t offset;
    const char *symbol;   /* never empty */
};

/** images_find: the same of a single site of a record, or of a full address. 0 or a negative
 *  errno. */
int images_find(struct images *images, uint64_t site, struct images_site *ret);

/** images_free: NULL is ignored. */
void images_free(struct images *images);

#endif
