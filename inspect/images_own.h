/* SPDX-License-Identifier: MIT */
/* What images are made of; for inspect/images.c and inspect/sites.c. */
#ifndef INSPECT_IMAGES_OWN_H
#define INSPECT_IMAGES_OWN_H

#include "inspect/images.h"
#include "inspect/symbols.h"
#include "view/memory.h"

enum { IMAGES_OTHERS_MAX = 1024 };

struct image_list {
    struct image **list; /* by address */
    size_t n;
};

struct code_range {
    uint64_t start, end;
};

/* A site that was asked for. */
struct site_place {
    uint64_t site; /* 0: nothing here */
    struct images_site found;
};

struct images {
    struct process *process; /* one of the two */
    struct core *core;
    struct image_list known;
    struct code_range others[IMAGES_OTHERS_MAX]; /* all code, by address */
    size_t n_others;
    /* an open hash table of what was found, with its texts */
    struct site_place *places;
    size_t n_places, n_used;
    struct view_memory texts;
};

/** images_folder: /proc/PID; -1: there is none. */
int images_folder(const struct images *images);

/** images_forget: what was found of sites. */
void images_forget(struct images *images);

#endif
