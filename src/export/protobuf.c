/* SPDX-License-Identifier: MIT */
/* Protocol Buffers' encoding. */
#include "export/protobuf.h"

#include <string.h>

enum { WIRE_NUMBER = 0, WIRE_BYTES = 2, WIRE_BITS = 3 };

void protobuf_number(struct protobuf *message, uint64_t value) {
    while (value >= 0x80) {
        message->bytes[message->n++] = (unsigned char)(value | 0x80);
        value >>= 7;
    }
    message->bytes[message->n++] = (unsigned char)value;
}

void protobuf_head(struct protobuf *message, unsigned field, size_t bytes) {
    protobuf_number(message, (uint64_t)field << WIRE_BITS | WIRE_BYTES);
    protobuf_number(message, bytes);
}

void protobuf_field(struct protobuf *message, unsigned field, uint64_t value) {
    if (value != 0) {
        protobuf_number(message, (uint64_t)field << WIRE_BITS | WIRE_NUMBER);
        protobuf_number(message, value);
    }
}

void protobuf_message(struct protobuf *message, unsigned field, const struct protobuf *inner) {
    protobuf_head(message, field, inner->n);
    memcpy(message->bytes + message->n, inner->bytes, inner->n);
    message->n += inner->n;
}
