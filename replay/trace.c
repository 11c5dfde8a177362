/* SPDX-License-Identifier: MIT */
/* Loads a trace: opens and decompresses the file, reads header and columns, has them checked. */
#include "replay/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replay/check.h"
#include "replay/header.h"
#include "replay/unpack.h"

enum {
    READ_BYTES = 16 << 10, /* step in which the header is read */
};

/* The decompressed text as far as it has been read. */
struct input {
    struct unpack unpack;
    uint64_t file_bytes;
    char *head;        /* HEADER_BYTES_MAX + READ_BYTES bytes: the header and what came with it */
    size_t head_bytes; /* of those, read */
};

static int open_file(const struct trace *trace, uint64_t *ret_bytes, struct trace_error *error) {
    struct stat status;
    /* Non-blocking: opening a FIFO that nobody writes must not hang before it is refused. */
    int fd = open(trace->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return trace_fail(error, trace, "cannot open: %s", strerror(errno));
    }
    int result = 0;
    if (fstat(fd, &status) != 0) {
        result = trace_fail_system(error, trace, "examine the file", errno);
    } else if (S_ISDIR(status.st_mode)) {
        result = trace_fail(error, trace, "is a directory");
    } else if (!S_ISREG(status.st_mode)) {
        result = trace_fail(error, trace, "is not a regular file");
    }
    if (result != 0) {
        close(fd);
        return result;
    }
    *ret_bytes = (uint64_t)status.st_size;
    return fd;
}

/* The text ended where it should not have: the decompressor knows better than we why. */
static int fail_early_end(struct trace *trace, struct input *input, const char *where,
                          struct trace_error *error) {
    enum unpack_verdict verdict = unpack_close(&input->unpack);
    input->unpack.pipe_fd = -1;
    if (verdict == UNPACK_OK) {
        int result = header_begin(trace, input->head, input->head_bytes, error);
        return result != 0
                   ? result
                   : trace_fail(error, trace, "is truncated: the text ends within %s", where);
    }
    int result = trace_fail(error, trace, "%s", unpack_verdict_text(verdict));
    if (verdict == UNPACK_NO_MEMORY || verdict == UNPACK_KILLED) {
        error->is_system = 1;
        result = verdict == UNPACK_NO_MEMORY ? -ENOMEM : -ECHILD;
    }
    return result;
}

static int read_text(struct trace *trace, struct input *input, void *buffer, size_t bytes,
                     size_t *ret_read, struct trace_error *error) {
    ssize_t got = unpack_read(&input->unpack, buffer, bytes);
    if (got < 0) {
        return trace_fail_system(error, trace, "read from the decompressing process", (int)-got);
    }
    *ret_read = (size_t)got;
    return 0;
}

/* Read until the header is complete; *ret_end is where it ends in input->head. */
static int read_header(struct trace *trace, struct input *input, size_t *ret_end,
                       struct trace_error *error) {
    for (;;) {
        size_t got = 0;
        int result =
            read_text(trace, input, input->head + input->head_bytes, READ_BYTES, &got, error);
        if (result != 0) {
            return result;
        }
        /* The line that ends the header may have begun in the step before. */
        size_t from = input->head_bytes > 4 ? input->head_bytes - 4 : 0;
        input->head_bytes += got;
        size_t end = header_end(input->head + from, input->head_bytes - from);
        if (end > 0) {
            *ret_end = from + end;
            return 0;
        }
        if (got < READ_BYTES) {
            return fail_early_end(trace, input, "the header", error);
        }
        result = header_begin(trace, input->head, input->head_bytes, error);
        if (result != 0) {
            return result;
        }
        if (input->head_bytes > HEADER_BYTES_MAX) {
            return trace_fail(error, trace, "no header line 'end' within the first %d bytes",
                              HEADER_BYTES_MAX);
        }
    }
}

/* A body that a file of this size cannot reasonably hold is a trap, not a trace. */
static int check_plausible(const struct trace *trace, const struct input *input,
                           uint64_t body_bytes, struct trace_error *error) {
    if (body_bytes > TRACE_TEXT_BYTES_FREE &&
        body_bytes / TRACE_TEXT_RATIO_MAX > input->file_bytes) {
        return trace_fail(error, trace,
                          "the header claims %u events, too many for a file of %llu bytes",
                          trace->n_events, (unsigned long long)input->file_bytes);
    }
    if (body_bytes > SIZE_MAX / 4) {
        return trace_fail(error, trace, "%u events are too many for this machine's addresses",
                          trace->n_events);
    }
    return 0;
}

/* Read the columns and see that nothing follows them. */
static int read_body(struct trace *trace, struct input *input, size_t header_bytes, uint8_t *body,
                     size_t body_bytes, struct trace_error *error) {
    size_t have = input->head_bytes - header_bytes;
    size_t got = 0;
    char extra;
    if (have > body_bytes) {
        return trace_fail(error, trace, "more text than the %u events of the header",
                          trace->n_events);
    }
    memcpy(body, input->head + header_bytes, have);
    int result = read_text(trace, input, body + have, body_bytes - have, &got, error);
    if (result != 0) {
        return result;
    }
    if (have + got < body_bytes) {
        return fail_early_end(trace, input, "its columns", error);
    }
    result = read_text(trace, input, &extra, 1, &got, error);
    if (result != 0) {
        return result;
    }
    if (got != 0) {
        return trace_fail(error, trace, "more text than the %u events of the header",
                          trace->n_events);
    }
    return 0;
}

static struct trace_column place_column(const uint8_t *body, uint64_t bytes_at, size_t n_planes,
                                        uint32_t n_events) {
    struct trace_column column = {{NULL}};
    for (size_t i = 0; i < n_planes; i++) {
        column.plane[i] = body + (size_t)(bytes_at + i) * n_events;
    }
    return column;
}

static void place_columns(struct trace *trace, const struct header *header, const uint8_t *body) {
    const uint64_t *at = header->column_bytes_at;
    uint32_t n = trace->n_events;
    trace->operation = place_column(body, at[HEADER_OPERATION], 1, n);
    trace->thread = place_column(body, at[HEADER_THREAD], 2, n);
    trace->class = place_column(body, at[HEADER_CLASS], 2, n);
    trace->slot = place_column(body, at[HEADER_SLOT], 4, n);
    trace->delta_ticks = place_column(body, at[HEADER_DELTA], 4, n);
    if (header->has_bytes) {
        trace->bytes = place_column(body, at[HEADER_BYTES], 4, n);
    }
}

static int read_trace(struct trace *trace, struct input *input, struct trace_error *error) {
    struct header header = {0};
    size_t header_bytes = 0;
    int result = read_header(trace, input, &header_bytes, error);
    if (result == 0) {
        result = header_parse(trace, &header, input->head, header_bytes, error);
    }
    uint64_t body_bytes = header.event_bytes * trace->n_events;
    if (result == 0) {
        result = check_plausible(trace, input, body_bytes, error);
    }
    if (result != 0) {
        return result;
    }
    uint8_t *body = replay_memory_take(&trace->memory, (size_t)body_bytes, 1);
    if (!body) {
        return trace_fail_system(error, trace, "hold the events", ENOMEM);
    }
    place_columns(trace, &header, body);
    return read_body(trace, input, header_bytes, body, (size_t)body_bytes, error);
}

static int read_and_check(struct trace *trace, struct input *input, struct trace_error *error) {
    struct replay_memory scratch = {0};
    input->head = replay_memory_take(&scratch, HEADER_BYTES_MAX + READ_BYTES, 1);
    int result = input->head ? read_trace(trace, input, error)
                             : trace_fail_system(error, trace, "hold the header", ENOMEM);
    replay_memory_release(&scratch);
    if (input->unpack.pipe_fd >= 0) {
        enum unpack_verdict verdict = unpack_close(&input->unpack);
        if (result == 0 && verdict != UNPACK_OK) {
            /* All text came, and then the checksum did not match, say. */
            result = trace_fail(error, trace, "%s", unpack_verdict_text(verdict));
        }
    }
    return result != 0 ? result : trace_check(trace, error);
}

static struct trace *create_trace(const char *path) {
    struct replay_memory memory = {0};
    struct trace *trace = replay_memory_take(&memory, 1, sizeof(*trace));
    if (!trace) {
        return NULL;
    }
    trace->memory = memory;
    size_t path_bytes = strlen(path) + 1;
    char *copy = replay_memory_take(&trace->memory, path_bytes, 1);
    if (!copy) {
        trace_unload(trace);
        return NULL;
    }
    memcpy(copy, path, path_bytes);
    trace->path = copy;
    return trace;
}

int trace_load(struct trace **ret, const char *path, struct trace_error *error) {
    struct input input = {.unpack = {.pipe_fd = -1}};
    struct trace *trace = create_trace(path);
    if (!trace) {
        struct trace nameless = {.path = path};
        return trace_fail_system(error, &nameless, "hold the trace", ENOMEM);
    }
    int result = open_file(trace, &input.file_bytes, error);
    if (result >= 0) {
        int fd = result;
        result = unpack_open(&input.unpack, fd);
        close(fd);
        result = result == 0 ? read_and_check(trace, &input, error)
                             : trace_fail_system(error, trace, "start decompressing", -result);
    }
    if (result != 0) {
        trace_unload(trace);
        return result;
    }
    *ret = trace;
    return 0;
}

void trace_unload(struct trace *trace) {
    if (trace) {
        struct replay_memory memory = trace->memory; /* which holds the trace itself */
        replay_memory_release(&memory);
    }
}
