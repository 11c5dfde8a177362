/* SPDX-License-Identifier: MIT */
/* Reads a zstd-compressed file through a child process. */
#include "replay/unpack.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <zstd.h>
#include <zstd_errors.h>

enum {
    INPUT_BYTES = 128 << 10,
    OUTPUT_BYTES = 256 << 10,
    EXIT_BASE = 40, /* a verdict leaves the child as exit status EXIT_BASE + verdict, so that no
                     * other way of ending (a sanitizer's 1, say) is taken for one */
};

/* The child's own: static, because the parent must not pay for them. */
static char input_buffer[INPUT_BYTES];
static char output_buffer[OUTPUT_BYTES];

static ssize_t read_some(int fd, void *buffer, size_t bytes) {
    ssize_t got;
    do {
        got = read(fd, buffer, bytes);
    } while (got < 0 && errno == EINTR);
    return got;
}

/* Write everything; when nobody reads any more, that is a good end too. */
static void write_all(int fd, const char *data, size_t bytes) {
    while (bytes > 0) {
        ssize_t written = write(fd, data, bytes);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            _exit(EXIT_BASE + UNPACK_OK);
        }
        data += written;
        bytes -= (size_t)written;
    }
}

static enum unpack_verdict verdict_of_error(size_t zstd_result) {
    switch (ZSTD_getErrorCode(zstd_result)) {
    case ZSTD_error_memory_allocation:
        return UNPACK_NO_MEMORY;
    case ZSTD_error_frameParameter_windowTooLarge:
        return UNPACK_WINDOW;
    default:
        return UNPACK_DAMAGED;
    }
}

static int begins_as_zstd(const char *data, size_t bytes) {
    if (bytes < 4) {
        return 0;
    }
    const unsigned char *byte = (const unsigned char *)data;
    uint32_t magic = (uint32_t)byte[0] | (uint32_t)byte[1] << 8 | (uint32_t)byte[2] << 16 |
                     (uint32_t)byte[3] << 24;
    return magic == ZSTD_MAGICNUMBER ||
           (magic & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START;
}

/* Decompress one buffer of input; *ret_state is what zstd said last: 0 at the end of a frame. */
static enum unpack_verdict expand(ZSTD_DCtx *context, size_t input_bytes, int out_fd,
                                  size_t *ret_state) {
    ZSTD_inBuffer input = {input_buffer, input_bytes, 0};
    size_t room_left = 0;
    /* A full output buffer may hide more output: go on until zstd leaves some room. */
    while (input.pos < input.size || room_left == 0) {
        ZSTD_outBuffer output = {output_buffer, OUTPUT_BYTES, 0};
        size_t state = ZSTD_decompressStream(context, &output, &input);
        if (ZSTD_isError(state)) {
            return verdict_of_error(state);
        }
        write_all(out_fd, output_buffer, output.pos);
        room_left = output.size - output.pos;
        *ret_state = state;
        if (state == 0 && input.pos == input.size) {
            break;
        }
    }
    return UNPACK_OK;
}

/* The child's whole life. */
static enum unpack_verdict expand_all(int in_fd, int out_fd) {
    ZSTD_DCtx *context = ZSTD_createDCtx();
    if (!context) {
        return UNPACK_NO_MEMORY;
    }
    size_t set = ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, UNPACK_WINDOW_LOG);
    if (ZSTD_isError(set)) {
        return UNPACK_NO_MEMORY;
    }
    size_t state = 1;
    int first = 1;
    for (;;) {
        ssize_t got = read_some(in_fd, input_buffer, INPUT_BYTES);
        if (got < 0) {
            return UNPACK_READ_ERROR;
        }
        if (got == 0) {
            return first ? UNPACK_EMPTY : state != 0 ? UNPACK_TRUNCATED : UNPACK_OK;
        }
        if (first && !begins_as_zstd(input_buffer, (size_t)got)) {
            return UNPACK_NOT_ZSTD;
        }
        first = 0;
        enum unpack_verdict verdict = expand(context, (size_t)got, out_fd, &state);
        if (verdict != UNPACK_OK) {
            return verdict;
        }
    }
}

static void run_child(int in_fd, int out_fd) {
    signal(SIGPIPE, SIG_IGN);
    enum unpack_verdict verdict = expand_all(in_fd, out_fd);
    _exit(EXIT_BASE + (int)verdict);
}

int unpack_open(struct unpack *unpack, int fd) {
    int ends[2];
    if (pipe(ends) != 0) {
        return -errno;
    }
    pid_t child = fork();
    if (child < 0) {
        int error = errno;
        close(ends[0]);
        close(ends[1]);
        return -error;
    }
    if (child == 0) {
        close(ends[0]);
        run_child(fd, ends[1]);
    }
    close(ends[1]);
    unpack->pipe_fd = ends[0];
    unpack->child = child;
    return 0;
}

ssize_t unpack_read(struct unpack *unpack, void *buffer, size_t bytes) {
    size_t have = 0;
    while (have < bytes) {
        ssize_t got = read_some(unpack->pipe_fd, (char *)buffer + have, bytes - have);
        if (got < 0) {
            return -errno;
        }
        if (got == 0) {
            break;
        }
        have += (size_t)got;
    }
    return (ssize_t)have;
}

enum unpack_verdict unpack_close(struct unpack *unpack) {
    int status = 0;
    pid_t waited;
    close(unpack->pipe_fd);
    do {
        waited = waitpid(unpack->child, &status, 0);
    } while (waited < 0 && errno == EINTR);
    if (waited < 0 || !WIFEXITED(status)) {
        return UNPACK_KILLED;
    }
    int verdict = WEXITSTATUS(status) - EXIT_BASE;
    return verdict >= 0 && verdict < UNPACK_KILLED ? (enum unpack_verdict)verdict : UNPACK_KILLED;
}

const char *unpack_verdict_text(enum unpack_verdict verdict) {
    static const char *const texts[UNPACK_VERDICTS] = {
        [UNPACK_OK] = "is well",
        [UNPACK_EMPTY] = "is empty",
        [UNPACK_NOT_ZSTD] = "is not a trace: not compressed with zstd",
        [UNPACK_TRUNCATED] = "is truncated: the compressed data ends early",
        [UNPACK_DAMAGED] = "is damaged: zstd cannot decompress it",
        [UNPACK_WINDOW] = "needs a zstd window above 128 MiB (compress with --long=27 or less)",
        [UNPACK_NO_MEMORY] = "cannot be decompressed: out of memory",
        [UNPACK_READ_ERROR] = "cannot be read",
        [UNPACK_KILLED] = "cannot be decompressed: the decompressing process ended unexpectedly",
    };
    return texts[verdict];
}
