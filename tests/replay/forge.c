/* SPDX-License-Identifier: MIT */
/* Makes traces for the tests, good and bad ones. */
#define _GNU_SOURCE /* memfd_create */
#include "forge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "replay/unpack.h"

enum {
    EVENT_BYTES = 13,
    HEADER_ROOM_BYTES = 64 << 10,
    UNPACK_BYTES_MAX = 16 << 20,
};

/* A test that cannot even make its input has nothing to say about the code. */
static void *must(void *memory) {
    if (!memory) {
        fputs("forge: out of memory\n", stderr);
        abort();
    }
    return memory;
}

static void put_plane(char *plane, const struct forge_event *events, size_t n, size_t column,
                      unsigned shift) {
    for (size_t i = 0; i < n; i++) {
        const uint32_t values[] = {events[i].operation, events[i].thread, events[i].pool,
                                   events[i].slot, 1};
        plane[i] = (char)(unsigned char)(values[column] >> shift);
    }
}

static void put_columns(char *body, const struct forge_event *events, size_t n) {
    static const unsigned widths[] = {1, 2, 2, 4, 4};
    for (size_t column = 0; column < 5; column++) {
        for (unsigned byte = 0; byte < widths[column]; byte++) {
            put_plane(body, events, n, column, 8 * byte);
            body += n;
        }
    }
}

struct forge_text forge_text(const char *header, const struct forge_event *events, size_t n) {
    struct forge_text text = {must(calloc(1, HEADER_ROOM_BYTES + n * EVENT_BYTES)), 0};
    const char *number = strstr(header, "%u");
    int used = number ? snprintf(text.bytes, HEADER_ROOM_BYTES, "mempool-trace 1\n%.*s%zu%send\n",
                                 (int)(number - header), header, n, number + 2)
                      : snprintf(text.bytes, HEADER_ROOM_BYTES, "mempool-trace 1\n%send\n", header);
    if (used < 0 || used >= HEADER_ROOM_BYTES) {
        fputs("forge: the header is too long\n", stderr);
        abort();
    }
    put_columns(text.bytes + used, events, n);
    text.n = (size_t)used + n * EVENT_BYTES;
    return text;
}

struct forge_text forge_standard(unsigned threads, const char *pools,
                                 const struct forge_event *events, size_t n) {
    char header[4096];
    int used = snprintf(header, sizeof(header),
                        "info process test\n"
                        "events %%u\n"
                        "tick_ns 16\n"
                        "columns op:u8 thread:u16 class:u16 slot:u32 dt:u32\n");
    for (unsigned i = 0; i < threads; i++) {
        used += snprintf(header + used, sizeof(header) - (size_t)used, "thread %u t%u\n", i, i);
    }
    snprintf(header + used, sizeof(header) - (size_t)used, "%s", pools);
    return forge_text(header, events, n);
}

struct forge_text forge_compress(struct forge_text text) {
    size_t room = ZSTD_compressBound(text.n);
    struct forge_text packed = {must(malloc(room)), 0};
    packed.n = ZSTD_compress(packed.bytes, room, text.bytes, text.n, 1);
    if (ZSTD_isError(packed.n)) {
        fputs("forge: cannot compress\n", stderr);
        abort();
    }
    return packed;
}

int forge_file(const void *bytes, size_t n, char path[64]) {
    int fd = memfd_create("trace", MFD_CLOEXEC);
    const char *at = bytes;
    while (fd >= 0 && n > 0) {
        ssize_t written = write(fd, at, n);
        if (written <= 0) {
            break;
        }
        at += written;
        n -= (size_t)written;
    }
    if (fd < 0 || n > 0) {
        fprintf(stderr, "forge: cannot make a file: %s\n", strerror(errno));
        abort();
    }
    snprintf(path, 64, "/proc/self/fd/%d", fd);
    return fd;
}

int forge_load_raw(const void *bytes, size_t n, struct trace **ret, struct trace_error *error) {
    char path[64];
    int fd = forge_file(bytes, n, path);
    int result = trace_load(ret, path, error);
    close(fd);
    return result;
}

int forge_load(struct forge_text text, struct trace **ret, struct trace_error *error) {
    struct forge_text packed = forge_compress(text);
    int result = forge_load_raw(packed.bytes, packed.n, ret, error);
    free(packed.bytes);
    return result;
}

struct forge_text forge_unpack(const char *path) {
    struct unpack unpack;
    struct forge_text text = {must(malloc(UNPACK_BYTES_MAX)), 0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || unpack_open(&unpack, fd) != 0) {
        fprintf(stderr, "forge: cannot open %s: %s\n", path, strerror(errno));
        abort();
    }
    ssize_t got = unpack_read(&unpack, text.bytes, UNPACK_BYTES_MAX);
    if (got <= 0 || unpack_close(&unpack) != UNPACK_OK) {
        fprintf(stderr, "forge: cannot decompress %s\n", path);
        abort();
    }
    close(fd);
    text.n = (size_t)got;
    return text;
}
