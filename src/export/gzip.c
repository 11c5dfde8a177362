/* SPDX-License-Identifier: MIT */
/* gzip without compression: RFC 1952, and the stored blocks of RFC 1951. */
#include "export/gzip.h"

#include "base/bits.h"

#include <string.h>

/* Little-endian, whatever the machine is. */
static void add_number(struct export_output *output, uint32_t value, size_t n) {
    char bytes[4];
    for (size_t i = 0; i < n; i++) {
        bytes[i] = (char)(value >> (8 * i) & 0xff);
    }
    export_bytes(output, bytes, n);
}

/* CRC-32 by halves of bytes: a table of 16 does. */
static uint32_t checksum_of(uint32_t checksum, const unsigned char *bytes, size_t n) {
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    for (size_t i = 0; i < n; i++) {
        checksum ^= bytes[i];
        checksum = checksum >> 4 ^ table[checksum & 15];
        checksum = checksum >> 4 ^ table[checksum & 15];
    }
    return checksum;
}

static void write_block(struct gzip *gzip, bool is_last) {
    const char head = (char)is_last; /* and type 0: stored */
    export_bytes(gzip->output, &head, 1);
    add_number(gzip->output, gzip->used, 2);
    add_number(gzip->output, ~gzip->used, 2);
    export_bytes(gzip->output, gzip->block, gzip->used);
    gzip->used = 0;
}

void gzip_begin(struct gzip *gzip, struct export_output *output) {
    /* deflate; no name, no time; unknown system */
    static const char head[10] = {0x1f, (char)0x8b, 8, 0, 0, 0, 0, 0, 0, (char)0xff};
    gzip->output = output;
    gzip->checksum = UINT32_MAX;
    gzip->bytes = gzip->used = 0;
    export_bytes(output, head, sizeof head);
}

void gzip_add(struct gzip *gzip, const void *bytes, size_t n) {
    const char *at = bytes;
    gzip->checksum = checksum_of(gzip->checksum, bytes, n);
    gzip->bytes += (uint32_t)n;
    while (n > 0) {
        if (gzip->used == GZIP_BLOCK_BYTES) {
            write_block(gzip, false);
        }
        size_t fits = min_size(n, GZIP_BLOCK_BYTES - gzip->used);
        memcpy(gzip->block + gzip->used, at, fits);
        gzip->used += (uint32_t)fits;
        at += fits;
        n -= fits;
    }
}

void gzip_end(struct gzip *gzip) {
    write_block(gzip, true);
    add_number(gzip->output, ~gzip->checksum, 4);
    add_number(gzip->output, gzip->bytes, 4);
}
