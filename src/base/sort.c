/* SPDX-License-Identifier: MIT */
/* Heap sort (Williams 1964). */
#include "base/sort.h"

#include <string.h>

struct sorting {
    char *items;
    size_t bytes;
    int (*compare)(const void *left, const void *right);
};

static void swap(const struct sorting *sorting, size_t i, size_t j) {
    char piece[64];
    char *a = sorting->items + i * sorting->bytes, *b = sorting->items + j * sorting->bytes;
    for (size_t left = sorting->bytes; left > 0;) {
        size_t n = left < sizeof piece ? left : sizeof piece;
        memcpy(piece, a, n);
        memcpy(a, b, n);
        memcpy(b, piece, n);
        a += n;
        b += n;
        left -= n;
    }
}

static int order(const struct sorting *sorting, size_t i, size_t j) {
    return sorting->compare(sorting->items + i * sorting->bytes,
                            sorting->items + j * sorting->bytes);
}

static void sift_down(const struct sorting *sorting, size_t at, size_t n) {
    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && order(sorting, child, child + 1) < 0) {
            child++;
        }
        if (order(sorting, at, child) >= 0) {
            return;
        }
        swap(sorting, at, child);
    }
}

void sort_items(void *items, size_t n, size_t bytes,
                int (*compare)(const void *left, const void *right)) {
    struct sorting sorting = {items, bytes, compare};
    for (size_t i = n / 2; i > 0; i--) {
        sift_down(&sorting, i - 1, n);
    }
    for (size_t i = n; i > 1; i--) {
        swap(&sorting, 0, i - 1);
        sift_down(&sorting, 0, i - 1);
    }
}
