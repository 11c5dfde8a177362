/* SPDX-License-Identifier: MIT */
/* Snapshots as JSON in memory, and read back from a file without a name. */
#ifndef TESTS_EXPORT_SAVED_H
#define TESTS_EXPORT_SAVED_H

#include "check.h"
#include "export/export.h"
#include "inspect/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct saved {
    char *text; /* ended by NUL */
    size_t length, room;
};

static inline int saved_write(void *arg, const char *bytes, size_t n) {
    struct saved *saved = arg;
    if (saved->length + n >= saved->room) {
        saved->room = 2 * (saved->room + n) + 1;
        saved->text = realloc(saved->text, saved->room);
        CHECK(saved->text != NULL);
    }
    memcpy(saved->text + saved->length, bytes, n);
    saved->length += n;
    saved->text[saved->length] = '\0';
    return 0;
}

/* To be given back by free(saved.text). */
static inline struct saved saved_json(const struct snapshot *snapshot) {
    struct saved saved = {.text = NULL};
    struct export_output output;
    export_begin(&output, saved_write, &saved);
    export_json(snapshot, &output);
    CHECK_EQUAL(export_end(&output), 0);
    return saved;
}

/* snapshot_read_json of a text; *ret stays as it is where that fails. */
static inline int saved_read(const char *text, size_t n, struct snapshot **ret,
                             struct snapshot_error *error) {
    char path[40];
    int fd = memfd_create("saved", MFD_CLOEXEC);
    CHECK(fd >= 0);
    for (size_t done = 0; done < n;) {
        ssize_t wrote = write(fd, text + done, n - done);
        CHECK(wrote > 0);
        done += (size_t)wrote;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int result = snapshot_read_json(ret, path, error);
    close(fd);
    return result;
}

#endif
