/* SPDX-License-Identifier: MIT */
/* Snapshots as files, for tests of the verbs that read them: made of text, or by the library. */
#ifndef TESTS_REPLAY_SNAPSHOT_FILES_H
#define TESTS_REPLAY_SNAPSHOT_FILES_H

#include "command.h"

#include <stdio.h>

#include <mempool/observe.h>

#define HEAD "mempool-snapshot 2\nbytes count oldest-s what site image offset build-id\n"
/* The columns of a line whose code is not known. */
#define NO_IMAGE "\t-\t-\t-\n"

enum {
    BEFORE,
    AFTER,
};

static char paths[2][64];

static inline int create(int side) {
    snprintf(paths[side], sizeof(paths[side]), "/tmp/mempool-test-%ld-%d.snapshot", (long)getpid(),
             side);
    int fd = open(paths[side], O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    return fd;
}

static inline void write_bytes(int side, const char *bytes, size_t n) {
    int fd = create(side);
    assert_int_equal(write(fd, bytes, n), n);
    close(fd);
}

static inline void write_text(int side, const char *text) {
    write_bytes(side, text, strlen(text));
}

static inline void take_snapshot(int side) {
    int fd = create(side);
    assert_int_equal(mempool_snapshot(fd), 0);
    close(fd);
}

static inline int remove_files(void **state) {
    (void)state;
    unlink(paths[BEFORE]);
    unlink(paths[AFTER]);
    return 0;
}

static inline void prints(struct run run, const char *text) {
    assert_string_equal(run.err, "");
    assert_string_equal(run.out, text);
    assert_int_equal(run.status, 0);
}

#endif
