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
#include "inspect/image_layout.h"
#include "inspect/process.h"
#include "view/snapshot.h"

struct images;

/* A program or library that is loaded. */
struct image {
    uint64_t start; /* of its first mapping */
    uint64_t inode;
    char *path;      /* to open it by: any bytes but a NUL */
    char *shown;     /* to show it by: made printable */
    bool is_deleted; /* what has that path now is another file, or none */
    bool is_code;    /* it is one; else a file that only looked so, which is not asked again */
    struct image_layout layout;
    struct symbols *symbols; /* NULL: none, or */
    bool has_asked_symbols;  /* not asked yet */
};

/** images_of_process, images_of_core: NULL: no memory. They use what they are given until
 *  images_free. */
struct images *images_of_process(struct process *process);
struct images *images_of_core(struct core *core);

/** images_refresh: look what is loaded now; 0 or a negative errno, all as it was. */
int images_refresh(struct images *images);

/** images_each: call `visit` for each that is loaded, by address. */
void images_each(const struct images *images,
                 void (*visit)(const struct image *image, void *argument), void *argument);

/** images_resolve: fill in a snapshot's images, each group's site in full with image, offset and
 *  symbol, and the frames of its stacks. What cannot be found keeps the number as its symbol.
 *  Shape: 0, or a negative errno (-ENOMEM; -ESRCH: the process has ended); the snapshot is usable in
 *         any case. */
int images_resolve(struct images *images, struct snapshot *snapshot);

/* One address of code. Texts live until the next call. */
struct images_site {
    uint64_t address;          /* in full */
    const struct image *image; /* NULL: in none */
    uint64_t offset;           /* in the image's file, as if not moved at loading */
    const char *symbol;        /* never empty */
};

/** images_find: what a site of a record is, or a full address, as of the last images_refresh. 0 or
 *  -ENOMEM. */
int images_find(struct images *images, uint64_t site, struct images_site *ret);

/** images_free: NULL is ignored. */
void images_free(struct images *images);

#endif
