/* SPDX-License-Identifier: MIT */
/* Files: what dumps are written to, and what is said about them; the time of day. */
#include "base/text.h"
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
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
