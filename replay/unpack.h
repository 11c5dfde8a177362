/* SPDX-License-Identifier: MIT */
/* Reads a zstd-compressed file through a child process. */
#ifndef REPLAY_UNPACK_H
#define REPLAY_UNPACK_H

#include <stddef.h>
#include <sys/types.h>

/*
 * THEORY
 *
 * libzstd takes its window (up to 128 MiB) from malloc, and malloc remembers: the block stays in
 * the heap, and glibc raises its threshold for mmap for good. A process that is about to measure
 * malloc must not begin like that. So a child process decompresses into a pipe and takes its heap
 * with it when it ends. The parent reads as much as it wants; when it closes the pipe early, the
 * child ends too. What went wrong is the child's exit status.
 */

enum {
    UNPACK_WINDOW_LOG = 27, /* largest window accepted: 128 MiB, as of zstd --long=27 */
};

enum unpack_verdict {
    UNPACK_OK = 0,
    UNPACK_EMPTY,     /* the file holds nothing */
    UNPACK_NOT_ZSTD,  /* does not begin as a zstd file does */
    UNPACK_TRUNCATED, /* ends within a frame */
    UNPACK_DAMAGED,   /* zstd finds it damaged, or garbage follows its end */
    UNPACK_WINDOW,    /* needs a larger window than UNPACK_WINDOW_LOG */
    UNPACK_NO_MEMORY,
    UNPACK_READ_ERROR, /* the file cannot be read */
    UNPACK_KILLED,     /* the child was ended by a signal, or in a way of its own */
    UNPACK_VERDICTS    /* how many */
};

/* One file being decompressed. */
struct unpack {
    int pipe_fd;
    pid_t child;
};

/** unpack_open: start decompressing what `fd` holds from its present position; fd stays open.
 *  0, or a negative errno (fork, pipe). The process should not ignore SIGCHLD. */
int unpack_open(struct unpack *unpack, int fd);

/** unpack_read: read `bytes` bytes, fewer only at the end: how many, or a negative errno. */
ssize_t unpack_read(struct unpack *unpack, void *buffer, size_t bytes);

/** unpack_close: end the child and say how it fared. A child that was cut short by this call while
 *  it still had something to write counts as UNPACK_OK. */
enum unpack_verdict unpack_close(struct unpack *unpack);

/** unpack_verdict_text: a verdict in words ("is empty"), to follow a file's name. */
const char *unpack_verdict_text(enum unpack_verdict verdict);

#endif
