/* SPDX-License-Identifier: MIT */
/* The shape of a pool's slabs: stride, slots and chunks, all from object size and alignment. */
#ifndef MEMPOOL_SLAB_SHAPE_H
#define MEMPOOL_SLAB_SHAPE_H

#include <stddef.h>
#include <stdint.h>

enum {
    SLOT_ALIGN_MIN = 16, /* as malloc; max_align_t's on every system we know */
};

struct shape {
    size_t object_bytes; /* what the caller asked for */
    uint32_t stride;     /* bytes from slot to slot: object and padding */
    uint32_t chunks;     /* of one slab */
    uint32_t slots;      /* of one slab */
    uint32_t records;    /* of one slab: slots, and one more where a part of a slot is left over,
                          * so that every multiple of the stride inside the slab has a record */
    uint32_t tagged;     /* 1: a tag lies behind each record, see SHAPE_TAGGED; else 0 */
    uint64_t reciprocal; /* of stride; of half of it where tagged */
};

/* Slots with a tag: 8 bytes more about each, for layers above. Records and tags alternate; dividing
 * by half the stride finds a slot's record as before, and the tag where a pointer is to the exact
 * middle of a slot: a tag's lowest two bits are 0, so it is never taken for a live record. */
enum { SHAPE_PLAIN = 0, SHAPE_TAGGED = 1 };

/* object_bytes 1 .. 16 MiB, align a power of two <= 4096 (both checked by the caller).
 * A slab is one chunk for strides up to 8 KiB (at most 1/8 of address space left over), eight
 * slots up to 64 KiB, and one slot above; with tags from 32 KiB on, so that the pages of a block
 * can serve one of another size. */
void shape_init(struct shape *shape, size_t object_bytes, size_t align, uint32_t tagged);

/* Where slot n's record is in the slab's array, and back. */
static inline size_t shape_record_index(const struct shape *shape, uint32_t slot) {
    return (size_t)slot << shape->tagged;
}

static inline uint32_t shape_slot_of_index(const struct shape *shape, size_t index) {
    return (uint32_t)(index >> shape->tagged);
}

/* Bytes of a slab's records, tags included. */
static inline size_t shape_record_bytes(const struct shape *shape) {
    return (size_t)shape->records * sizeof(uint64_t) << shape->tagged;
}

static inline size_t shape_slab_bytes(const struct shape *shape) {
    return (size_t)shape->chunks << 16;
}

#endif
