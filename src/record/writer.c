/* SPDX-License-Identifier: MIT */
/* Events on their way to a descriptor. */
#include "record/writer.h"

#include "base/bits.h"
#include "sys/sys.h"

#include <string.h>

enum { BUFFER_BYTES = 64 << 10 };
#define FLUSH_NS UINT64_C(100000000)

static int descriptor;
static int result;
static uint64_t last_ns, flushed_ns;
static size_t used;
static _Alignas(struct stream_event) char buffer[BUFFER_BYTES];

void writer_begin(int fd) {
    descriptor = fd;
    result = 0;
    used = 0;
    last_ns = flushed_ns = sys_clock_ns();
}

int writer_result(void) {
    return result;
}

void writer_flush(void) {
    if (result == 0 && used > 0) {
        result = sys_write_unsignalled(descriptor, buffer, used);
    }
    used = 0;
    flushed_ns = last_ns;
}

static void add(const void *bytes, size_t n) {
    memcpy(buffer + used, bytes, n);
    used += n;
}

/* Time in steps that fit; the clock of another processor may be behind. */
static uint32_t time_passed(void) {
    uint64_t now = sys_clock_ns();
    uint64_t ns = now > last_ns ? now - last_ns : 0;
    last_ns += ns;
    if (ns > UINT32_MAX) {
        struct stream_event event = {.kind_and_thread = STREAM_TIME, .object = ns};
        add(&event, sizeof event);
        ns = 0;
    }
    return (uint32_t)ns;
}

static void add_event(enum stream_kind kind, uint32_t thread, uint64_t object, uint32_t class,
                      uint32_t bytes) {
    uint32_t ns = time_passed();
    struct stream_event event = {
        .kind_and_thread = (uint32_t)kind | thread << STREAM_KIND_BITS,
        .ns = ns,
        .object = object,
        .class = class,
        .bytes = bytes,
    };
    add(&event, sizeof event);
}

/* Room for an event, one of time, and a text. */
static void make_room(size_t text_bytes) {
    if (used + 2 * sizeof(struct stream_event) + text_bytes > BUFFER_BYTES) {
        writer_flush();
    }
}

static void flush_if_due(void) {
    if (last_ns - flushed_ns >= FLUSH_NS) {
        writer_flush();
    }
}

void writer_event(enum stream_kind kind, uint32_t thread, uint64_t object, uint32_t class,
                  uint32_t bytes) {
    make_room(0);
    add_event(kind, thread, object, class, bytes);
    flush_if_due();
}

void writer_text(enum stream_kind kind, uint32_t thread, uint64_t object, uint32_t class,
                 const char *text, size_t n) {
    static const char zeros[8];
    uint32_t bytes = (uint32_t)min_size(n, STREAM_TEXT_BYTES_MAX);
    make_room(stream_text_padded(bytes));
    add_event(kind, thread, object, class, bytes);
    add(text, bytes);
    add(zeros, stream_text_padded(bytes) - bytes);
    flush_if_due();
}
