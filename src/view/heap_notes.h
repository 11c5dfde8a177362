/* SPDX-License-Identifier: MIT */
/* The notes of single allocations (pool/heap.h), read without their lock.
 *
 * THEORY
 *
 * Notes are in chains, one for each bucket; a new one is put before the others, with a serial
 * number above theirs, and one that was taken out has none, until it is given back and is anything.
 * So along a chain that stood still the numbers fall:
 *
 *      bucket --> 91 --> 40 --> 7
 *
 * Where one does not fall, or is 0, or is of another bucket's object, the note before was read in
 * time and this one not: its memory was given back meanwhile, and it may lead into a list of free
 * blocks, or into another chain. The bucket is read again from its head. What has been found by the
 * last try counts: notes that were in the chain when they were read. A chain that leads in a circle
 * ends likewise. */
#ifndef MEMPOOL_VIEW_HEAP_NOTES_H
#define MEMPOOL_VIEW_HEAP_NOTES_H

#include "view/layout.h"
#include "view/memory.h"

struct view_heap_note {
    uint64_t object, record;
    uint64_t pool; /* address */
};

/* Call `visit` for all of them, each once, until it returns something else than 0, which is then
 * the result. Else 0; -ENOMEM; -EBADMSG: more than are believed; or what the source said. */
int view_each_heap_note(const struct layout *layout, struct view_memory *scratch,
                        int (*visit)(void *argument, const struct view_heap_note *note),
                        void *argument);

#endif
