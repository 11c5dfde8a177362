/* SPDX-License-Identifier: MIT */
/* Makes traces for the tests, good and bad ones. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create */
#endif
#include "forge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "replay/unpack.h"

enum {
    EVENT_BYTES_MAX = 17,
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
        const uint32_t values[] = {
            events[i].operation, events[i].thread, events[i].class, events[i].slot,
            1 + events[i].pause, events[i].bytes};
        plane[i] = (char)(unsigned char)(values[column] >> shift);
    }
}

static size_t put_columns(char *body, const struct forge_event *events, size_t n,
                          size_t n_columns) {
    static const unsigned widths[] = {1, 2, 2, 4, 4, 4};
    size_t planes = 0;
    for (size_t column = 0; column < n_columns; column++) {
        for (unsigned byte = 0; byte < widths[column]; byte++) {
            put_plane(body + planes++ * n, events, n, column, 8 * byte);
        }
    }
    return planes * n;
}

struct forge_text forge_text(const char *header, const struct forge_event *events, size_t n) {
    struct forge_text text = {must(calloc(1, HEADER_ROOM_BYTES + n * EVENT_BYTES_MAX)), 0};
    const char *number = strstr(header, "%u");
    int used = number ? snprintf(text.bytes, HEADER_ROOM_BYTES, "mempool-trace 1\n%.*s%zu%send\n",
                                 (int)(number - header), header, n, number + 2)
                      : snprintf(text.bytes, HEADER_ROOM_BYTES, "mempool-trace 1\n%send\n", header);
    if (used < 0 || used >= HEADER_ROOM_BYTES) {
        fputs("forge: the header is too long\n", stderr);
        abort();
    }
    text.n = (size_t)used;
    text.n += put_columns(text.bytes + used, events, n, strstr(header, " size:u32") ? 6 : 5);
    return text;
}

struct forge_text forge_standard(unsigned threads, const char *classes,
                                 const struct forge_event *events, size_t n) {
    char header[4096];
    bool has_sites = strncmp(classes, "site ", 5) == 0 || strstr(classes, "\nsite ");
    int used = snprintf(header, sizeof(header),
                        "info process test\n"
                        "events %%u\n"
                        "tick_ns 16\n"
                        "columns op:u8 thread:u16 class:u16 slot:u32 dt:u32%s\n",
                        has_sites ? " size:u32" : "");
    for (unsigned i = 0; i < threads; i++) {
        used += snprintf(header + used, sizeof(header) - (size_t)used, "thread %u t%u\n", i, i);
    }
    snprintf(header + used, sizeof(header) - (size_t)used, "%s", classes);
    return forge_text(header, events, n);
}

/* ---- a mixed trace ---- */

enum {
    MIXED_CLASSES = 5,
    MIXED_SLOTS = 8,
};

/* The same numbers everywhere. */
static uint32_t next_random(uint32_t *state, uint32_t below) {
    *state = *state * UINT32_C(1664525) + UINT32_C(1013904223);
    return (*state >> 8) % below;
}

/* What happens next to a slot: it is taken, or changed, or given back. */
static uint8_t next_operation(uint32_t *state, bool is_site, bool is_live) {
    if (!is_live) {
        return is_site ? (uint8_t)(TRACE_MALLOC + next_random(state, 2))
                       : (uint8_t)(TRACE_GET + next_random(state, 2));
    }
    if (is_site) {
        return next_random(state, 2) ? TRACE_REALLOC : TRACE_FREE;
    }
    return TRACE_PUT;
}

static uint32_t next_bytes(uint32_t *state) {
    static const uint32_t limits[] = {3, 20, 100, 6000};
    return next_random(state, limits[next_random(state, 4)]);
}

struct forge_text forge_mixed(void) {
    static const bool is_site[MIXED_CLASSES] = {true, false, true, true, false};
    static struct forge_event events[FORGE_MIXED_EVENTS];
    bool is_live[MIXED_CLASSES][MIXED_SLOTS] = {{false}};
    uint32_t state = 1;
    size_t n = 0;
    for (uint16_t thread = 0; thread < FORGE_MIXED_THREADS; thread++) {
        events[n++] = (struct forge_event){TRACE_THREAD_START, thread, FORGE_NO_POOL, 0};
    }
    events[n++] = (struct forge_event){TRACE_POOL_NEW, 0, 1, 0};
    events[n++] = (struct forge_event){TRACE_POOL_NEW, 0, 4, 0};
    while (n < FORGE_MIXED_EVENTS) {
        uint16_t class = (uint16_t)next_random(&state, MIXED_CLASSES);
        uint32_t slot = next_random(&state, MIXED_SLOTS);
        bool *live = &is_live[class][slot];
        uint8_t operation = next_operation(&state, is_site[class], *live);
        *live = operation != TRACE_PUT && operation != TRACE_FREE;
        events[n++] = (struct forge_event){
            .operation = operation,
            .thread = (uint16_t)next_random(&state, FORGE_MIXED_THREADS),
            .class = class,
            .slot = slot,
            .bytes = trace_has_bytes(operation) ? next_bytes(&state) : 0,
        };
    }
    return forge_standard(FORGE_MIXED_THREADS,
                          "site 0 a:first 0 0 8\npool 1 a:small 40 4 8\nsite 2 b:first 0 0 8\n"
                          "site 3 a:second 0 0 8\npool 4 b:large 3000 4 8\n",
                          events, n);
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
