/* SPDX-License-Identifier: MIT */
/* What is known of single slots, as text: stretches of equal ones, each told by what it has other
 * than the last stretch of its state.
 *
 * THEORY
 *
 * A process has millions of records, and neighbours are mostly alike: got by one thread, at one
 * call site, in one second. A slab's records are written one after the other as
 *
 *      stretch  byte of flags, then those numbers that the flags name
 *      number   7 bits to a byte, the lowest first; all but the last byte have bit 7 set
 *      text     the bytes in base64, without padding
 *
 * and a number that is not written is as in the last stretch of the same state: so live and free
 * slots by turns do not disturb each other. docs/formats.md tells all of it for those who read
 * files.
 *
 * Plain code in place of a compressor, because the library has none, and needs none here:
 * stretches are where the sameness is.
 *
 * What a file says is taken for a lie: reading ends with -EBADMSG where the text could not have
 * been written so. Whether sites and accounts exist, and numbers of slots are right, is for the
 * caller to check. */
#ifndef MEMPOOL_VIEW_SLOTS_H
#define MEMPOOL_VIEW_SLOTS_H

#include "view/memory.h"

#include <stdbool.h>
#include <stdint.h>

enum slot_state {
    SLOT_VIRGIN = 0, /* never handed out, or not since its memory was fresh */
    SLOT_PUT = 1,    /* or freed */
    SLOT_LIVE = 2,
    SLOT_STATES
};

enum { SLOTS_AGES = 1 << 21 }; /* ages end below: records have 20 bits */

/* Each 0 where it is not known, and all of a virgin one. */
struct slot_past {
    uint32_t site;    /* one more than an index */
    uint32_t thread;  /* the library's number */
    uint32_t age;     /* seconds, and one more */
    uint32_t account; /* of live blocks: one more than an index */
    uint64_t bytes;   /* of live blocks: as asked for */
};

/* ---- writing --------------------------------------------------------------------------------- */

struct slots_writer {
    struct view_memory *scratch;
    unsigned char *bytes; /* those of this text */
    size_t n, room;
    struct slot_past last[SLOT_STATES];
    /* the stretch that goes on */
    enum slot_state state;
    struct slot_past past;
    uint64_t n_same; /* slots in it; 0: none */
};

/** slots_begin: a text of at most n_slots. A zero-filled writer needs `scratch` only, and may be
 *  used again and again.  False: no memory. */
bool slots_begin(struct slots_writer *writer, size_t n_slots);

/** slots_add: the next slot. */
void slots_add(struct slots_writer *writer, enum slot_state state, const struct slot_past *past);

/** slots_add_at: the next object of a heap list, so many bytes behind the one before. */
void slots_add_at(struct slots_writer *writer, uint64_t distance, const struct slot_past *past);

/** slots_end: the text, in the given memory; NULL: none. */
const char *slots_end(struct slots_writer *writer, struct view_memory *memory);

/* ---- reading --------------------------------------------------------------------------------- */

struct slots_reader {
    const char *at;
    uint32_t bits; /* of digits that were taken, and not used up */
    unsigned n_bits;
    struct slot_past last[SLOT_STATES];
};

struct slots_stretch {
    uint64_t distance; /* in a heap list */
    uint64_t slots;
    enum slot_state state;
    struct slot_past past;
};

/** slots_open: begin to read a text, which has to stay. */
void slots_open(struct slots_reader *reader, const char *text);

/** slots_next, slots_next_at: the next stretch of a slab, of a heap list.
 *  Shape: 1; 0: that was all; -EBADMSG: it is damaged. */
int slots_next(struct slots_reader *reader, struct slots_stretch *ret);
int slots_next_at(struct slots_reader *reader, struct slots_stretch *ret);

#endif
