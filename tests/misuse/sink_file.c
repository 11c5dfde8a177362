/* SPDX-License-Identifier: MIT */
/* A report goes whole to the descriptor that was set, and to no other.
 * never: . */
#include "misuse.h"

int main(void) {
    int ends[2];
    char text[4096];
    CHECK(pipe(ends) == 0);
    mempool_misuse_sink_set(ends[1]);
    PUT_MISUSED((void *)(uintptr_t)16);
    CHECK(close(ends[1]) == 0);
    size_t n_bytes = 0;
    for (ssize_t n = 1; n > 0; n_bytes += (size_t)n) {
        n = read(ends[0], text + n_bytes, sizeof text - 1 - n_bytes);
        CHECK(n >= 0);
    }
    text[n_bytes] = '\0';
    static const char line[] = "mempool: misuse: tiny pool=- obj=0x10 site=";
    CHECK(strncmp(text, line, sizeof line - 1) == 0 && text[n_bytes - 1] == '\n');
    PUT_MISUSED((void *)(uintptr_t)17); /* the descriptor is closed: that does no harm */
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_TINY, 2);
    return 0;
}
