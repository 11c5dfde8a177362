/* SPDX-License-Identifier: MIT */
/* A text that a program writes, compared with a file to the byte. */
#ifndef TESTS_GOLDEN_GOLDEN_H
#define TESTS_GOLDEN_GOLDEN_H

#include "check.h"

#include <string.h>

enum { GOLDEN_TEXT_BYTES = 64 << 10 };

/* All of an open file, which is closed. */
static inline void golden_read(FILE *file, char text[GOLDEN_TEXT_BYTES]) {
    CHECK(file != NULL);
    size_t n_bytes = fread(text, 1, GOLDEN_TEXT_BYTES, file);
    CHECK(n_bytes < GOLDEN_TEXT_BYTES);
    text[n_bytes] = '\0';
    fclose(file);
}

/* The program's exit status: 0, or 1 and both texts on standard output. */
static inline int golden_compare(const char *path, const char *written) {
    static char expected[GOLDEN_TEXT_BYTES];
    golden_read(fopen(path, "r"), expected);
    if (strcmp(expected, written) != 0) {
        printf("--- expected (%s)\n%s--- written\n%s", path, expected, written);
        return 1;
    }
    return 0;
}

#endif
