/* SPDX-License-Identifier: MIT */
/* A file that is whole, or not there: written under another name, and renamed. */
#include "cli/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/message.h"
#include "cli/verb.h"

enum {
    NAME_TRIES = 100, /* names that somebody else has */
};

struct writing {
    const char *verb, *path;
    /* one of the two */
    const struct snapshot *snapshot;
    void (*format)(const struct snapshot *snapshot, struct export_output *output);
    const void *arg;
    int (*print)(const void *arg, FILE *stream);
    sigset_t before; /* signals that were blocked when we were called */
};

static int refuse(const struct writing *writing, int error) {
    complain(writing->verb, "%s: cannot write: %s", writing->path, strerror(error));
    return CLI_FAILED;
}

/* Through a stream of its own; the descriptor stays open. */
static int print_to(const struct writing *writing, int fd) {
    int copy = dup(fd);
    FILE *stream = copy >= 0 ? fdopen(copy, "w") : NULL;
    if (!stream) {
        int why = errno;
        if (copy >= 0) {
            close(copy);
        }
        return -why;
    }
    errno = 0;
    int result = writing->print(writing->arg, stream);
    if (result == 0 && (fflush(stream) != 0 || ferror(stream))) {
        result = errno ? -errno : -EIO;
    }
    if (fclose(stream) != 0 && result == 0) {
        result = -errno;
    }
    return result;
}

/* 0, or a negative errno. */
static int write_to(const struct writing *writing, int fd) {
    struct export_output output;
    if (writing->print) {
        return print_to(writing, fd);
    }
    export_begin_fd(&output, fd);
    writing->format(writing->snapshot, &output);
    return export_end(&output);
}

static int write_into(const struct writing *writing, int fd) {
    int result = write_to(writing, fd);
    return result == 0 ? CLI_OK : refuse(writing, -result);
}

/* A new file beside the one to come: its descriptor and name, or a negative errno. */
static int create_beside(const char *path, char *ret_name, size_t bytes) {
    for (int i = 0; i < NAME_TRIES; i++) {
        int n = snprintf(ret_name, bytes, "%s.%ld.%d.tmp", path, (long)getpid(), i);
        if (n < 0 || (size_t)n >= bytes) {
            return -ENAMETOOLONG;
        }
        int fd = open(ret_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST) {
            return fd >= 0 ? fd : -errno;
        }
    }
    return -EEXIST;
}

/* `path` is where the file is, whatever links lead there. */
static int write_beside(const struct writing *writing, const char *path) {
    char name[PATH_MAX];
    int fd = create_beside(path, name, sizeof(name));
    if (fd < 0) {
        return refuse(writing, -fd);
    }
    int result = write_to(writing, fd);
    /* Some file systems say only then that there is no room. */
    if (result == 0 && fsync(fd) != 0 && errno != EINVAL) {
        result = -errno;
    }
    if (close(fd) != 0 && result == 0) {
        result = -errno;
    }
    if (result == 0 && rename(name, path) != 0) {
        result = -errno;
    }
    if (result != 0) {
        unlink(name);
        return refuse(writing, -result);
    }
    return CLI_OK;
}

/* A pipe may wait for its reader for ever, to open it and to take what is written. Nothing is half
 * written there under a name, so that a signal need not wait. */
static int write_irregular(const struct writing *writing) {
    sigprocmask(SIG_SETMASK, &writing->before, NULL);
    int fd = open(writing->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return refuse(writing, errno);
    }
    int result = write_into(writing, fd);
    close(fd);
    return result;
}

static int write_path(const struct writing *writing) {
    char path[PATH_MAX];
    struct stat status;
    if (stat(writing->path, &status) != 0) {
        return write_beside(writing, writing->path);
    }
    if (S_ISREG(status.st_mode) && realpath(writing->path, path)) {
        return write_beside(writing, path);
    }
    return write_irregular(writing);
}

static int write_whole(struct writing *writing) {
    if (!writing->path || strcmp(writing->path, "-") == 0) {
        writing->path = "standard output";
        return write_into(writing, STDOUT_FILENO);
    }
    sigset_t later;
    sigemptyset(&later);
    sigaddset(&later, SIGINT);
    sigaddset(&later, SIGTERM);
    sigaddset(&later, SIGHUP);
    sigprocmask(SIG_BLOCK, &later, &writing->before);
    void (*on_large)(int) = signal(SIGXFSZ, SIG_IGN);
    int status = write_path(writing);
    signal(SIGXFSZ, on_large);
    sigprocmask(SIG_SETMASK, &writing->before, NULL);
    return status;
}

int whole_file_write(const char *verb, const char *path, const struct snapshot *snapshot,
                     void (*format)(const struct snapshot *snapshot,
                                    struct export_output *output)) {
    struct writing writing = {.verb = verb, .path = path, .snapshot = snapshot, .format = format};
    return write_whole(&writing);
}

int whole_file_print(const char *verb, const char *path,
                     int (*print)(const void *arg, FILE *stream), const void *arg) {
    struct writing writing = {.verb = verb, .path = path, .arg = arg, .print = print};
    return write_whole(&writing);
}
