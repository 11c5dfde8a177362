/* SPDX-License-Identifier: MIT */
/* Files: what dumps are written to, and what is said about them; the time of day. */
#include "base/text.h"
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int sys_create(const char *path) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return fd >= 0 ? fd : -errno;
}

int sys_create_unique(char *path) {
    int fd = mkostemp(path, O_CLOEXEC);
    return fd >= 0 ? fd : -errno;
}

int sys_create_new(const char *path) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd >= 0 ? fd : -errno;
}

int sys_open_existing(const char *path) {
    /* Without waiting for a reader; what is written then waits. */
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        return -errno;
    }
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0) {
        int why = errno;
        close(fd);
        return -why;
    }
    return fd;
}

bool sys_is_writable(int fd) {
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
}

void sys_close_at_exec(int fd) {
    int flags = fcntl(fd, F_GETFD);
    if (flags >= 0) {
        (void)fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
    }
}

/* As much as goes; 0: it is to be tried again. */
static ssize_t write_some(int fd, const char *bytes, size_t n) {
    ssize_t written = write(fd, bytes, n);
    if (written < 0 && errno == EAGAIN) {
        struct pollfd room = {.fd = fd, .events = POLLOUT};
        (void)poll(&room, 1, -1);
        return 0;
    }
    if (written < 0 && errno == EINTR) {
        return 0;
    }
    return written < 0 ? -errno : written > 0 ? written : -EIO;
}

/* A signal that our own write has sent to this thread. */
static void take_signal(int number, const sigset_t *pending_before) {
    static const struct timespec at_once;
    sigset_t set;
    if (!sigismember(pending_before, number)) {
        sigemptyset(&set);
        sigaddset(&set, number);
        (void)sigtimedwait(&set, NULL, &at_once);
    }
}

int sys_write_unsignalled(int fd, const char *bytes, size_t n) {
    sigset_t set, before, pending;
    ssize_t result = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    sigaddset(&set, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &set, &before);
    (void)sigpending(&pending);
    while (n > 0 && result >= 0) {
        result = write_some(fd, bytes, n);
        if (result > 0) {
            bytes += result;
            n -= (size_t)result;
        }
    }
    if (result == -EPIPE) {
        take_signal(SIGPIPE, &pending);
    } else if (result == -EFBIG) {
        take_signal(SIGXFSZ, &pending);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result < 0 ? (int)result : 0;
}

int sys_rename(const char *from, const char *to) {
    return rename(from, to) == 0 ? 0 : -errno;
}

void sys_remove(const char *path) {
    (void)unlink(path);
}

int64_t sys_read_file(const char *path, char *ret, size_t capacity) {
    size_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    ssize_t got = 1;
    while (n + 1 < capacity && got > 0) {
        got = read(fd, ret + n, capacity - 1 - n);
        if (got < 0 && errno == EINTR) {
            got = 1;
        } else if (got > 0) {
            n += (size_t)got;
        }
    }
    int why = errno;
    close(fd);
    ret[n] = '\0';
    return got < 0 ? -why : (int64_t)n;
}

void sys_close(int fd) {
    close(fd);
}

int sys_close_written(int fd) {
    return close(fd) == 0 ? 0 : -errno;
}

int sys_folder(const char *path, char *ret, size_t capacity) {
    struct text text;
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    bool is_ours = faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) == 0;
    int why = errno;
    close(fd);
    if (!is_ours) {
        return -why;
    }
    if (path[0] != '/' && getcwd(ret, capacity) == NULL) {
        return errno == ERANGE ? -ENAMETOOLONG : -errno;
    }
    size_t length = path[0] != '/' ? strlen(ret) : 0;
    text_init(&text, ret + length, capacity - length);
    text_add(&text, path[0] != '/' ? "/" : "");
    text_add(&text, path);
    return text.cut ? -ENAMETOOLONG : 0;
}

int64_t sys_wall_clock(uint32_t *ret_microseconds) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    *ret_microseconds = (uint32_t)(now.tv_nsec / 1000);
    return now.tv_sec;
}
