/* SPDX-License-Identifier: MIT */
/* Files: what dumps are written to, and what is said about them; the time of day. */
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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

int64_t sys_wall_clock(uint32_t *ret_microseconds) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    *ret_microseconds = (uint32_t)(now.tv_nsec / 1000);
    return now.tv_sec;
}
