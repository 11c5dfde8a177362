/* SPDX-License-Identifier: MIT */
/* Writes a trace. */
#define _GNU_SOURCE /* mkostemp */
#include "replay/trace_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

enum {
    COLUMNS = 6,
    LEVEL = 9,
    ROWS = 16 << 10, /* read at once */
    WIDTH_MAX = 4,
};

static const unsigned widths[COLUMNS] = {1, 2, 2, 4, 4, 4};

struct trace_writer {
    char *path;
    FILE *columns[COLUMNS];
    /* while the trace is written */
    ZSTD_CCtx *compressor;
    FILE *file;
    char *name; /* its temporary one */
    size_t out_bytes;
    char *out;
};

static int failure(void) {
    return errno != 0 ? -errno : -EIO;
}

/* "PATH.XXXXXX" as a new file; *ret_name to be freed. */
static FILE *make_file(const char *path, char **ret_name) {
    size_t bytes = strlen(path) + sizeof ".XXXXXX";
    char *name = malloc(bytes);
    if (name == NULL) {
        return NULL;
    }
    snprintf(name, bytes, "%s.XXXXXX", path);
    int fd = mkostemp(name, O_CLOEXEC);
    FILE *file = fd >= 0 ? fdopen(fd, "w+") : NULL;
    if (file == NULL) {
        int why = errno;
        if (fd >= 0) {
            close(fd);
            unlink(name);
        }
        free(name);
        errno = why;
        return NULL;
    }
    *ret_name = name;
    return file;
}

int trace_writer_new(struct trace_writer **ret, const char *path) {
    struct trace_writer *writer = calloc(1, sizeof *writer);
    int result = writer != NULL && (writer->path = strdup(path)) != NULL ? 0 : -ENOMEM;
    for (size_t i = 0; result == 0 && i < COLUMNS; i++) {
        char *name;
        errno = 0;
        writer->columns[i] = make_file(path, &name);
        if (writer->columns[i] == NULL) {
            result = failure();
            break;
        }
        unlink(name);
        free(name);
    }
    if (result != 0) {
        trace_writer_free(writer);
        return result;
    }
    *ret = writer;
    return 0;
}

/* Low byte first, whatever the machine. */
static bool put_number(FILE *file, uint32_t value, unsigned width) {
    unsigned char bytes[WIDTH_MAX];
    for (unsigned i = 0; i < width; i++) {
        bytes[i] = (unsigned char)(value >> (8 * i));
    }
    return fwrite(bytes, width, 1, file) == 1;
}

int trace_writer_add(struct trace_writer *writer, const struct trace_event *event) {
    const uint32_t values[COLUMNS] = {event->operation, event->thread,      event->class,
                                      event->slot,      event->delta_ticks, event->bytes};
    errno = 0;
    for (size_t i = 0; i < COLUMNS; i++) {
        if (!put_number(writer->columns[i], values[i], widths[i])) {
            return failure();
        }
    }
    return 0;
}

/* ---- the file -------------------------------------------------------------------------------- */

static int compress(struct trace_writer *writer, const void *bytes, size_t n,
                    ZSTD_EndDirective how) {
    ZSTD_inBuffer in = {.src = bytes, .size = n};
    size_t left;
    do {
        ZSTD_outBuffer out = {.dst = writer->out, .size = writer->out_bytes};
        left = ZSTD_compressStream2(writer->compressor, &out, &in, how);
        if (ZSTD_isError(left)) {
            return -ENOMEM;
        }
        errno = 0;
        if (out.pos > 0 && fwrite(out.dst, out.pos, 1, writer->file) != 1) {
            return failure();
        }
    } while (how == ZSTD_e_end ? left > 0 : in.pos < in.size);
    return 0;
}

/* One byte of every event's number. */
static int write_plane(struct trace_writer *writer, FILE *column, unsigned width, unsigned at) {
    unsigned char rows[ROWS * WIDTH_MAX], plane[ROWS];
    size_t n;
    int result = 0;
    rewind(column);
    errno = 0;
    while (result == 0 && (n = fread(rows, width, ROWS, column)) > 0) {
        for (size_t i = 0; i < n; i++) {
            plane[i] = rows[i * width + at];
        }
        result = compress(writer, plane, n, ZSTD_e_continue);
    }
    return result == 0 && ferror(column) ? failure() : result;
}

static int write_column(struct trace_writer *writer, size_t i) {
    errno = 0;
    int result = fflush(writer->columns[i]) == 0 ? 0 : failure();
    for (unsigned at = 0; result == 0 && at < widths[i]; at++) {
        result = write_plane(writer, writer->columns[i], widths[i], at);
    }
    return result;
}

static int write_all(struct trace_writer *writer, const char *header, size_t header_bytes,
                     bool has_bytes) {
    writer->compressor = ZSTD_createCCtx();
    writer->out_bytes = ZSTD_CStreamOutSize();
    writer->out = malloc(writer->out_bytes);
    if (writer->compressor == NULL || writer->out == NULL) {
        return -ENOMEM;
    }
    ZSTD_CCtx_setParameter(writer->compressor, ZSTD_c_compressionLevel, LEVEL);
    ZSTD_CCtx_setParameter(writer->compressor, ZSTD_c_checksumFlag, 1);
    int result = compress(writer, header, header_bytes, ZSTD_e_continue);
    for (size_t i = 0; result == 0 && i < COLUMNS - (has_bytes ? 0 : 1); i++) {
        result = write_column(writer, i);
    }
    return result == 0 ? compress(writer, NULL, 0, ZSTD_e_end) : result;
}

/* As other files of the user's. */
static void set_mode(int fd) {
    mode_t mask = umask(0);
    umask(mask);
    (void)fchmod(fd, 0666 & ~mask);
}

static int close_and_name(struct trace_writer *writer, uint64_t *ret_file_bytes) {
    FILE *file = writer->file;
    long bytes = ftell(file);
    writer->file = NULL;
    errno = 0;
    if (fclose(file) != 0 || rename(writer->name, writer->path) != 0) {
        return failure();
    }
    free(writer->name);
    writer->name = NULL;
    *ret_file_bytes = bytes > 0 ? (uint64_t)bytes : 0;
    return 0;
}

int trace_writer_finish(struct trace_writer *writer, const char *header, size_t header_bytes,
                        bool has_bytes, uint64_t *ret_file_bytes) {
    errno = 0;
    writer->file = make_file(writer->path, &writer->name);
    if (writer->file == NULL) {
        return failure();
    }
    set_mode(fileno(writer->file));
    int result = write_all(writer, header, header_bytes, has_bytes);
    return result == 0 ? close_and_name(writer, ret_file_bytes) : result;
}

void trace_writer_free(struct trace_writer *writer) {
    if (writer == NULL) {
        return;
    }
    for (size_t i = 0; i < COLUMNS; i++) {
        if (writer->columns[i] != NULL) {
            fclose(writer->columns[i]);
        }
    }
    if (writer->file != NULL) {
        fclose(writer->file);
    }
    if (writer->name != NULL) {
        unlink(writer->name);
    }
    free(writer->name);
    ZSTD_freeCCtx(writer->compressor);
    free(writer->out);
    free(writer->path);
    free(writer);
}
