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
    uint64_t reciprocal; /* of stride */
};

/* object_bytes 1 .. 16 MiB, align a power of two <= 4096 (both checked by the caller).
 * A slab is one chunk for strides up to 8 KiB (at most 1/8 of address space left over), eight
 * slots up to 64 KiB, and one slot above. */
void shape_init(struct shape *shape, size_t object_bytes, size_t align);

static inline size_t shape_slab_bytes(const struct shape *shape) {
    return (size_t)shape->chunks << 16;
}

#endif
