/* SPDX-License-Identifier: MIT */
/* A whole file in memory. */
#include "cli/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/message.h"
#include "cli/verb.h"

static int refuse(const struct text_file *file, const char *why, const char *detail) {
    complain(file->verb, "%s: %s%s", file->path, why, detail);
    return CLI_BAD_USAGE;
}

static int check_kind(struct text_file *file, int fd) {
    struct stat status;
    if (fstat(fd, &status) != 0) {
        return refuse(file, strerror(errno), "");
    }
    if (S_ISDIR(status.st_mode)) {
        return refuse(file, "is a directory", "");
    }
    if (!S_ISREG(status.st_mode)) {
        return refuse(file, "is not a regular file", "");
    }
    if (status.st_size == 0) {
        return refuse(file, "is empty", "");
    }
    if ((uintmax_t)status.st_size > file->max_bytes) {
        complain(file->verb, "%s: is not %s: larger than %zu MiB", file->path, file->kind,
                 file->max_bytes >> 20);
        return CLI_BAD_USAGE;
    }
    file->n_bytes = (size_t)status.st_size;
    return CLI_OK;
}

static int read_all(struct text_file *file, int fd) {
    size_t done = 0;
    while (done < file->n_bytes) {
        ssize_t got = read(fd, file->text + done, file->n_bytes - done);
        if (got < 0 && errno != EINTR) {
            return refuse(file, "cannot read: ", strerror(errno));
        }
        if (got == 0) {
            return refuse(file, "cannot read: ", "it became shorter meanwhile");
        }
        done += got > 0 ? (size_t)got : 0;
    }
    return CLI_OK;
}

static int read_open(struct text_file *file, int fd, struct replay_memory *memory) {
    int status = check_kind(file, fd);
    if (status != CLI_OK) {
        return status;
    }
    file->text = replay_memory_take(memory, file->n_bytes + 1, 1);
    if (!file->text) {
        complain(file->verb, "out of memory");
        return CLI_FAILED;
    }
    return read_all(file, fd);
}

int text_file_read(struct text_file *file, struct replay_memory *memory) {
    /* Without waiting: what is a pipe is refused, too. */
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return refuse(file, "cannot open: ", strerror(errno));
    }
    int status = read_open(file, fd, memory);
    close(fd);
    return status;
}
