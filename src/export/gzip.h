/* SPDX-License-Identifier: MIT */
/* gzip's container (RFC 1952) around bytes that are stored as they are: what readers expect, and
 * no compressor in a library that needs none. */
#ifndef MEMPOOL_EXPORT_GZIP_H
#define MEMPOOL_EXPORT_GZIP_H

#include "export/output.h"

enum { GZIP_BLOCK_BYTES = 32 << 10 }; /* of stored bytes; at most 65535 */

struct gzip {
    struct export_output *output;
    uint32_t checksum; /* CRC-32 of all so far, inverted */
    uint32_t bytes;    /* of all so far, modulo 2^32 */
    uint32_t used;     /* of the block */
    char block[GZIP_BLOCK_BYTES];
};

void gzip_begin(struct gzip *gzip, struct export_output *output);
void gzip_add(struct gzip *gzip, const void *bytes, size_t n);
void gzip_end(struct gzip *gzip);

#endif
