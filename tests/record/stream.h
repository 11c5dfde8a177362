/* SPDX-License-Identifier: MIT */
/* A recording read back, and whether it can be: each address is got, then put, then got again. */
#ifndef TESTS_RECORD_STREAM_H
#define TESTS_RECORD_STREAM_H

#include "check.h"

#include "record/stream.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STREAM_TABLE = 1 << 20, STREAM_MOVED = 2 };

/* What a stream tells. */
struct stream_sums {
    uint64_t n[STREAM_KINDS];
    uint64_t lost;
    int64_t live;        /* in the end */
    uint64_t unknown;    /* puts of what was not live */
    uint64_t got_twice;  /* gets of what was */
    uint32_t threads;
    bool is_whole;
    char texts[8192];    /* all of them, a line each */
};

struct stream_live {
    uint64_t address;
    int state; /* 0 nothing, 1 live, STREAM_MOVED */
};

static inline struct stream_live *stream_find(struct stream_live *table, uint64_t address) {
    size_t i = (size_t)((address >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 40) % STREAM_TABLE;
    while (table[i].address != 0 && table[i].address != address) {
        i = (i + 1) % STREAM_TABLE;
    }
    table[i].address = address;
    return &table[i];
}

static inline void stream_note_text(struct stream_sums *sums, const char *text, uint32_t n) {
    size_t used = strlen(sums->texts);
    if (used + n + 2 < sizeof sums->texts) {
        memcpy(sums->texts + used, text, n);
        sums->texts[used + n] = '\n';
    }
}

static inline void stream_got(struct stream_sums *sums, struct stream_live *live) {
    sums->got_twice += live->state == 1;
    sums->live += live->state != 1;
    live->state = 1;
}

static inline void stream_put(struct stream_sums *sums, struct stream_live *live) {
    sums->unknown += live->state == 0;
    sums->live -= live->state == 1;
    live->state = 0;
}

static inline void stream_note(struct stream_sums *sums, struct stream_live *table,
                               const struct stream_event *event) {
    static uint64_t moved_from;
    enum stream_kind kind = stream_kind(event);
    CHECK(kind >= STREAM_BEGIN && kind < STREAM_KINDS);
    sums->n[kind]++;
    if (kind == STREAM_THREAD) {
        CHECK_EQUAL(stream_thread(event), sums->threads + 1);
        sums->threads++;
    }
    CHECK(stream_thread(event) <= sums->threads);
    switch (kind) {
    case STREAM_LIVE:
    case STREAM_LIVE_BLOCK:
    case STREAM_GET:
    case STREAM_GET_ZEROED:
    case STREAM_MALLOC:
    case STREAM_CALLOC: stream_got(sums, stream_find(table, event->object)); break;
    case STREAM_PUT: stream_put(sums, stream_find(table, event->object)); break;
    case STREAM_MOVE: moved_from = event->object; break;
    case STREAM_REALLOC:
        if (moved_from != 0) {
            stream_find(table, moved_from)->state = STREAM_MOVED;
            sums->live--;
            stream_got(sums, stream_find(table, event->object));
            moved_from = 0;
        }
        CHECK_EQUAL(stream_find(table, event->object)->state, 1);
        break;
    case STREAM_END:
        sums->lost = event->object;
        sums->is_whole = true;
        break;
    default: break;
    }
}

static inline char *stream_load(const char *path, size_t *ret_bytes) {
    struct stat status;
    int fd = open(path, O_RDONLY);
    CHECK(fd >= 0 && fstat(fd, &status) == 0);
    char *bytes = malloc((size_t)status.st_size + 1);
    CHECK(bytes != NULL && read(fd, bytes, (size_t)status.st_size) == status.st_size);
    close(fd);
    *ret_bytes = (size_t)status.st_size;
    return bytes;
}

static inline void stream_read(const char *path, struct stream_sums *ret) {
    size_t n;
    struct stream_event event;
    char *bytes = stream_load(path, &n);
    struct stream_live *table = calloc(STREAM_TABLE, sizeof *table);
    CHECK(table != NULL);
    memset(ret, 0, sizeof *ret);
    for (size_t at = 0; at + sizeof event <= n;) {
        memcpy(&event, bytes + at, sizeof event);
        CHECK(at == 0 ? stream_kind(&event) == STREAM_BEGIN && event.object == STREAM_MAGIC
                      : !ret->is_whole);
        stream_note(ret, table, &event);
        at += sizeof event;
        if (stream_has_text(stream_kind(&event))) {
            if (at + stream_text_padded(event.bytes) > n) {
                break;
            }
            stream_note_text(ret, bytes + at, event.bytes);
            at += stream_text_padded(event.bytes);
        }
    }
    free(table);
    free(bytes);
}

#endif
