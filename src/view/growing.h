/* SPDX-License-Identifier: MIT */
/* Lists that grow, in memory that is given back all at once (view/memory.h): what a list had before
 * it grew is left behind, and is as much again at most. */
#ifndef MEMPOOL_VIEW_GROWING_H
#define MEMPOOL_VIEW_GROWING_H

#include "view/memory.h"

/* Zero-filled but for `bytes`, it is empty. */
struct growing {
    void *items;
    size_t n, room;
    size_t bytes; /* of an item */
};

/* The next item, zeroed; NULL: no memory. Items that were there may move. */
void *growing_add(struct growing *list, struct view_memory *memory);

#endif
