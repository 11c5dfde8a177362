/* SPDX-License-Identifier: MIT */
/* Memory that is given back all at once: pieces from the system, handed out from their start.
 *
 * Not from malloc (the library must not) and not from the library's own blocks (who looks at a
 * process must not change what it sees). */
#ifndef MEMPOOL_VIEW_MEMORY_H
#define MEMPOOL_VIEW_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

struct view_piece;

/* Zero-filled, it is empty. */
struct view_memory {
    struct view_piece *newest;
    char *at;    /* what is left of it */
    size_t left;
    bool is_short; /* some of what was asked for was not to be had */
};

/* `bytes` zeroed, aligned to 16; NULL: none. */
void *view_take(struct view_memory *memory, size_t bytes);
/* n of `bytes` each; NULL also where the product overflows. */
void *view_take_array(struct view_memory *memory, size_t n, size_t bytes);
/* A byte that a line of text may have: what is above 127 is part of some UTF-8, or harmless. */
static inline bool view_is_printable(unsigned char byte) {
    return byte >= ' ' && byte != 0x7f;
}
/* A copy as text: what is not printable becomes '?', but that UTF-8 stays; at most n bytes, up to a
 * NUL. NULL: no memory. */
const char *view_take_text(struct view_memory *memory, const char *bytes, size_t n);
void view_give_all(struct view_memory *memory);

#endif
