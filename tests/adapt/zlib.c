/* SPDX-License-Identifier: MIT */
/* zlib: a megabyte deflated and inflated, each stream with a component of its own; copies. */
#include "books.h"

#include <mempool/adapt/zlib.h>

#include <stdlib.h>

enum { TEXT_BYTES = 1 << 20 };

static unsigned char text[TEXT_BYTES], packed[TEXT_BYTES], unpacked[TEXT_BYTES];

static void fill_text(void) {
    uint32_t random = 1;
    for (size_t i = 0; i < TEXT_BYTES; i++) {
        random = random * 1664525 + 1013904223;
        text[i] = (unsigned char)('a' + (random >> 28));
    }
}

static size_t deflate_text(struct mempool_component *component) {
    z_stream stream = {0}, copy;
    mempool_adapt_zlib(component, &stream);
    CHECK(deflateInit(&stream, Z_BEST_COMPRESSION) == Z_OK);
    CHECK(deflateCopy(&copy, &stream) == Z_OK);
    CHECK(deflateEnd(&stream) == Z_OK);
    copy.next_in = text;
    copy.avail_in = TEXT_BYTES;
    copy.next_out = packed;
    copy.avail_out = TEXT_BYTES;
    CHECK(deflate(&copy, Z_FINISH) == Z_STREAM_END);
    books_check_live(component, "zlib", 200000); /* windows, hash heads and chains */
    CHECK(deflateEnd(&copy) == Z_OK);
    return copy.total_out;
}

static void inflate_text(struct mempool_component *component, size_t packed_bytes) {
    z_stream stream = {0};
    mempool_adapt_zlib(component, &stream);
    CHECK(inflateInit(&stream) == Z_OK);
    stream.next_in = packed;
    stream.avail_in = (uInt)packed_bytes;
    stream.next_out = unpacked;
    int status = Z_OK;
    for (uInt room = 1000; status == Z_OK; room += 1000) { /* in pieces: it needs its window */
        stream.avail_out = room;
        status = inflate(&stream, Z_SYNC_FLUSH);
        books_check_live(component, "zlib", 5000);
        CHECK(stream.total_out <= TEXT_BYTES);
    }
    CHECK(status == Z_STREAM_END && stream.total_out == TEXT_BYTES);
    books_check_live(component, "zlib", 32768);
    CHECK(inflateEnd(&stream) == Z_OK);
    CHECK(memcmp(text, unpacked, TEXT_BYTES) == 0);
}

int main(void) {
    struct mempool_component *writer = books_begin("writer");
    struct mempool_component *reader = mempool_component_create("reader", NULL);
    fill_text();
    size_t packed_bytes = deflate_text(writer);
    CHECK(packed_bytes < TEXT_BYTES * 3 / 4);
    books_check_rest(writer);
    inflate_text(reader, packed_bytes);
    books_check_rest(reader);
    return 0;
}
