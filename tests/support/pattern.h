/* SPDX-License-Identifier: MIT */
/* Contents that show whether anyone else wrote to an object. */
#ifndef TESTS_SUPPORT_PATTERN_H
#define TESTS_SUPPORT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Objects up to this size are filled throughout; of larger ones, the first and last part. */
enum { PATTERN_END_BYTES = 4096 };

static inline unsigned char pattern_byte(uint64_t key, size_t offset) {
    uint64_t word = (key + offset / 8 + 1) * 0x9e3779b97f4a7c15u;
    return (unsigned char)(word >> (8 * (offset % 8)));
}

/* The offset after this one that carries the pattern, in an object of that size. */
static inline size_t pattern_next(size_t offset, size_t object_bytes) {
    size_t next = offset + 1;
    if (object_bytes > 2 * PATTERN_END_BYTES && next == PATTERN_END_BYTES) {
        next = object_bytes - PATTERN_END_BYTES;
    }
    return next;
}

static inline void pattern_fill(void *object, size_t object_bytes, uint64_t key) {
    unsigned char *bytes = object;
    for (size_t i = 0; i < object_bytes; i = pattern_next(i, object_bytes)) {
        bytes[i] = pattern_byte(key, i);
    }
}

static inline bool pattern_intact(const void *object, size_t object_bytes, uint64_t key) {
    const unsigned char *bytes = object;
    for (size_t i = 0; i < object_bytes; i = pattern_next(i, object_bytes)) {
        if (bytes[i] != pattern_byte(key, i)) {
            return false;
        }
    }
    return true;
}

#endif
