/* SPDX-License-Identifier: MIT */
/* What the tests of src/observe share: text that was written to a descriptor, and its numbers. */
#ifndef TESTS_OBSERVE_REPORT_H
#define TESTS_OBSERVE_REPORT_H

#include "check.h"

#include <mempool/observe.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { REPORT_BYTES = 2 << 20, REPORT_LINE_BYTES = 4096 };

/* A file without a name; its text when something was written to it, which closes it. */
static inline int report_open(void) {
    int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
    CHECK(fd >= 0);
    return fd;
}

static inline const char *report_text(int fd) {
    static char text[REPORT_BYTES];
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    CHECK(n >= 0 && (size_t)n < sizeof text - 1);
    text[n] = '\0';
    close(fd);
    return text;
}

static inline const char *leak_report(const struct mempool_leak_options *options) {
    int fd = report_open();
    CHECK_EQUAL(mempool_leak_report(fd, options), 0);
    return report_text(fd);
}

#define LEAK_OPTIONS(...)                                                                         \
    (&(struct mempool_leak_options){.struct_size = sizeof(struct mempool_leak_options),           \
                                    __VA_ARGS__})

static inline const char *snapshot(void) {
    int fd = report_open();
    CHECK_EQUAL(mempool_snapshot(fd), 0);
    return report_text(fd);
}

/* The number behind the first `key`. */
static inline uint64_t number_at(const char *text, const char *key) {
    const char *at = strstr(text, key);
    CHECK(at != NULL);
    return strtoull(at + strlen(key), NULL, 10);
}

/* One line of the table. */
struct report_row {
    uint64_t bytes, count, oldest;
};

/* The first line that has all of these words; zeros where there is none. */
static inline struct report_row report_row(const char *text, const char *what, const char *site) {
    char line[REPORT_LINE_BYTES];
    struct report_row row = {.bytes = 0};
    for (const char *at = text; *at != '\0';) {
        size_t n = strcspn(at, "\n");
        CHECK(at[n] == '\n' && n < sizeof line);
        memcpy(line, at, n);
        line[n] = '\0';
        at += n + 1;
        if (strncmp(line, "mempool", 7) != 0 && strstr(line, what) != NULL &&
            strstr(line, site) != NULL) {
            char *end;
            row.bytes = strtoull(line, &end, 10);
            row.count = strtoull(end, &end, 10);
            row.oldest = strtoull(end, &end, 10);
            return row;
        }
    }
    return row;
}

static inline void check_row(const char *text, const char *what, const char *site, uint64_t count,
                             uint64_t bytes) {
    struct report_row row = report_row(text, what, site);
    if (row.count != count || row.bytes != bytes) {
        printf("%s at %s in:\n%s", what, site, text);
    }
    CHECK_EQUAL(row.count, count);
    CHECK_EQUAL(row.bytes, bytes);
}

#endif
