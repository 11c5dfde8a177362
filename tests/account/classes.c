/* SPDX-License-Identifier: MIT */
/* Size classes: the two ways between bytes and classes agree, and the rounding is as promised. */
#include "account/class.h"

#include "check.h"

#include <stddef.h>

static void check_size(size_t bytes) {
    uint32_t class = class_of(bytes);
    CHECK(class < CLASSES);
    size_t usable = class_bytes(class);
    size_t least = bytes > 0 ? bytes : 1;
    CHECK(usable >= least);
    CHECK_EQUAL(class_of(usable), class);
    if (class > 0) {
        CHECK(class_bytes(class - 1) < least); /* the smallest that will do */
    }
    size_t waste = usable - least;
    CHECK(least <= 128 ? waste < 16 : waste * 8 <= least);
}

static void check_classes(void) {
    CHECK_EQUAL(class_bytes(0), 16);
    CHECK_EQUAL(class_bytes(CLASSES - 1), (size_t)1 << CLASS_BYTES_MAX_SHIFT);
    for (uint32_t class = 0; class < CLASSES; class++) {
        CHECK_EQUAL(class_bytes(class) % 16, 0);
        CHECK(class == 0 || class_bytes(class) > class_bytes(class - 1));
        check_size(class_bytes(class));
        if (class + 1 < CLASSES) {
            CHECK_EQUAL(class_of(class_bytes(class) + 1), class + 1);
        }
    }
    /* The first that threads do not cache begins behind 64 KiB. */
    CHECK_EQUAL(class_bytes(HEAP_CACHES - 1), (size_t)64 << 10);
}

int main(void) {
    for (size_t bytes = 0; bytes <= 70000; bytes++) {
        check_size(bytes);
        CHECK(bytes == 0 || class_of(bytes) >= class_of(bytes - 1));
    }
    for (unsigned shift = 4; shift <= CLASS_BYTES_MAX_SHIFT; shift++) {
        size_t power = (size_t)1 << shift;
        for (size_t away = 0; away <= 2000; away++) {
            check_size(power - (away < power ? away : power));
            if (shift < CLASS_BYTES_MAX_SHIFT) {
                check_size(power + away);
            }
        }
    }
    check_classes();
    return 0;
}
