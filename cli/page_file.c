/* SPDX-License-Identifier: MIT */
/* A page as a file that is whole, or not there. */
#include "cli/page_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/message.h"
#include "cli/verb.h"

struct page_file {
    const char *verb, *path;
    int (*write)(const void *arg, FILE *stream);
    const void *arg;
};

static int refuse(const struct page_file *file, int error) {
    complain(file->verb, "%s: cannot write: %s", file->path, strerror(error));
    return CLI_FAILED;
}

/* Write all and close: 0 or a negative errno. */
static int write_to(const struct page_file *file, int fd) {
    FILE *stream = fdopen(fd, "w");
    if (!stream) {
        int error = errno;
        close(fd);
        return -error;
    }
    errno = 0;
    int result = file->write(file->arg, stream);
    if (result == 0 && (fflush(stream) != 0 || ferror(stream))) {
        result = errno ? -errno : -EIO;
    }
    /* Some file systems say only then that there is no room. */
    if (result == 0 && fsync(fd) != 0 && errno != EINVAL && errno != EROFS) {
        result = -errno;
    }
    if (fclose(stream) != 0 && result == 0) {
        result = -errno;
    }
    return result;
}

static int write_beside(const struct page_file *file) {
    char name[PATH_MAX];
    int n = snprintf(name, sizeof(name), "%s.%ld.tmp", file->path, (long)getpid());
    if (n < 0 || (size_t)n >= sizeof(name)) {
        return refuse(file, ENAMETOOLONG);
    }
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        return refuse(file, errno);
    }
    int result = write_to(file, fd);
    if (result == 0 && rename(name, file->path) != 0) {
        result = -errno;
    }
    if (result != 0) {
        unlink(name);
        return refuse(file, -result);
    }
    return CLI_OK;
}

/* What is no regular file, a pipe say, is written into. */
static int write_path(const struct page_file *file) {
    struct stat status;
    if (stat(file->path, &status) != 0 || S_ISREG(status.st_mode)) {
        return write_beside(file);
    }
    int fd = open(file->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    int result = fd < 0 ? -errno : write_to(file, fd);
    return result == 0 ? CLI_OK : refuse(file, -result);
}

int page_file_write(const char *verb, const char *path, int (*write)(const void *arg, FILE *stream),
                    const void *arg) {
    struct page_file file = {verb, path, write, arg};
    if (strcmp(path, "-") == 0) {
        file.path = "standard output";
        int result = write(arg, stdout);
        int flushed = finish_output(verb);
        return flushed == CLI_OK && result != 0 ? refuse(&file, -result) : flushed;
    }
    sigset_t later, before;
    sigemptyset(&later);
    sigaddset(&later, SIGINT);
    sigaddset(&later, SIGTERM);
    sigaddset(&later, SIGHUP);
    sigprocmask(SIG_BLOCK, &later, &before);
    void (*on_large)(int) = signal(SIGXFSZ, SIG_IGN);
    int status = write_path(&file);
    signal(SIGXFSZ, on_large);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return status;
}
