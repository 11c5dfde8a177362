/* SPDX-License-Identifier: MIT */
/* Magazines come from the bookkeeping blocks. */
#include "depot/magazine.h"

#include "vm/blocks.h"

_Static_assert(sizeof(void *) != 8 || sizeof(struct magazine) == sizeof(struct round),
               "2^k - 1 rounds and the header fill a block");

struct magazine *magazine_create(uint32_t capacity) {
    struct magazine *magazine = block_take(magazine_bytes(capacity));
    if (magazine != NULL) {
        magazine->capacity = capacity;
    }
    return magazine;
}

void magazine_destroy(struct magazine *magazine) {
    block_give(magazine, magazine_bytes(magazine->capacity));
}
