/* SPDX-License-Identifier: MIT */
/* The shape of a pool's slabs. */
#include "slab/shape.h"

#include "base/bits.h"
#include "base/divide.h"
#include "vm/space.h"

enum {
    ONE_CHUNK_STRIDE = 8 << 10,
    EIGHT_SLOTS_STRIDE = 64 << 10,
    EIGHT_TAGGED_STRIDE = 32 << 10,
};

void shape_init(struct shape *shape, size_t object_bytes, size_t align, uint32_t tagged) {
    size_t stride = round_up(object_bytes, max_size(align, SLOT_ALIGN_MIN));
    size_t bytes = stride;
    if (stride <= ONE_CHUNK_STRIDE) {
        bytes = CHUNK_BYTES;
    } else if (stride <= (tagged != 0 ? EIGHT_TAGGED_STRIDE : EIGHT_SLOTS_STRIDE)) {
        bytes = stride * 8;
    }
    bytes = round_up(bytes, CHUNK_BYTES);
    shape->object_bytes = object_bytes;
    shape->stride = (uint32_t)stride;
    shape->chunks = (uint32_t)(bytes >> CHUNK_SHIFT);
    shape->slots = (uint32_t)(bytes / stride);
    shape->records = (uint32_t)((bytes + stride - 1) / stride);
    shape->tagged = tagged;
    shape->reciprocal = reciprocal_of(shape->stride >> tagged);
}
