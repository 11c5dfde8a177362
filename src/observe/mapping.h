/* SPDX-License-Identifier: MIT */
/* Mappings that the program has told the names of. */
#ifndef MEMPOOL_OBSERVE_MAPPING_H
#define MEMPOOL_OBSERVE_MAPPING_H

#include <stddef.h>
#include <stdint.h>

enum {
    MAPPINGS_MAX = 256,
    MAPPING_NAME_BYTES = 48,
};

struct mapping {
    uintptr_t start, end;
    uint64_t resident; /* in a copy, where a ledger was taken */
    char name[MAPPING_NAME_BYTES];
};

struct mappings {
    size_t n;
    struct mapping list[MAPPINGS_MAX];
};

/* As they are now. */
void mappings_copy(struct mappings *ret);

#endif
