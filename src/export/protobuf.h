/* SPDX-License-Identifier: MIT */
/* Protocol Buffers' encoding of one message, in a buffer. */
#ifndef MEMPOOL_EXPORT_PROTOBUF_H
#define MEMPOOL_EXPORT_PROTOBUF_H

#include <stddef.h>
#include <stdint.h>

enum {
    PROTOBUF_NUMBER_BYTES = 10, /* of a number, at most */
    PROTOBUF_BYTES = 1024,      /* of a message that is made of numbers: of 64 frames, and more */
};

struct protobuf {
    size_t n;
    unsigned char bytes[PROTOBUF_BYTES];
};

/* The callers know that it fits. */
void protobuf_number(struct protobuf *message, uint64_t value);             /* alone: packed */
void protobuf_head(struct protobuf *message, unsigned field, size_t bytes); /* of so many bytes */
void protobuf_field(struct protobuf *message, unsigned field, uint64_t value); /* but 0 */
void protobuf_message(struct protobuf *message, unsigned field, const struct protobuf *inner);

#endif
