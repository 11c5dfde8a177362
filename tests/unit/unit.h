/* SPDX-License-Identifier: MIT */
/* cmocka with the headers it wants first, and what several unit tests share.
 *
 * cmocka's asserts jump back to the test: callbacks of the library and other threads use CHECK. */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "check.h"
#include "pools.h"

#include <mempool/misuse.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* NULL or 0, and why. */
#define assert_refused(call, error)                                                               \
    do {                                                                                          \
        errno = 0;                                                                                \
        assert_false(call);                                                                       \
        assert_int_equal(errno, error);                                                           \
    } while (0)

/* Get n objects into a fixed array; each must be there. */
static inline void get_all(struct mempool *pool, void **objects, size_t n) {
    for (size_t i = 0; i < n; i++) {
        objects[i] = mempool_get(pool);
        assert_non_null(objects[i]);
    }
}

static inline void put_all(void *const *objects, size_t n) {
    for (size_t i = 0; i < n; i++) {
        mempool_put(objects[i]);
    }
}

/* The objects with the lowest address first. */
static inline int compare_addresses(const void *left, const void *right) {
    const char *const *a = left, *const *b = right;
    return (*a > *b) - (*a < *b);
}

#endif
