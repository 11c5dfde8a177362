/* SPDX-License-Identifier: MIT */
/* Files below /proc/PID, and whole small files. */
#include "inspect/proc_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { FIRST_BYTES = 16 << 10, STAT_BYTES_MAX = 4096 };

int proc_file_open(int folder, const char *name) {
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
    return fd >= 0 ? fd : -errno;
}

int proc_file_open_place(int folder, const char *path) {
    int place = openat(folder, path, O_PATH | O_CLOEXEC);
    return place >= 0 ? place : -errno;
}

int proc_file_open_in_root(int folder, const char *path) {
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
    int root = openat(folder, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) {
        return -errno;
    }
    long place = syscall(SYS_openat2, root, path, &how, sizeof(how));
    if (place < 0 && errno == ENOSYS) {
        place = openat(root, path + 1, O_PATH | O_CLOEXEC | O_NOFOLLOW);
    }
    int result = place >= 0 ? (int)place : -errno;
    close(root);
    return result;
}

int proc_file_identity(int place, uint64_t *ret_device, uint64_t *ret_inode) {
    struct statx status;
    if (statx(place, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO, &status)) {
        return -errno;
    }
    *ret_device = makedev(status.stx_dev_major, status.stx_dev_minor);
    *ret_inode = status.stx_ino;
    return S_ISREG(status.stx_mode) ? 0 : -EINVAL;
}

int proc_file_reopen(int place) {
    char link[64];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", place);
    int fd = open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int result = fd >= 0 ? fd : -errno;
    close(place);
    return result;
}

/* Read on until the end or max_bytes; what is there so far is *ret's. */
static int64_t read_all(int fd, size_t max_bytes, char **ret) {
    size_t n = 0, room = 0;
    for (;;) {
        if (n + 1 >= room) {
            room = room ? room * 2 : FIRST_BYTES;
            char *larger = realloc(*ret, room);
            if (!larger) {
                return -ENOMEM;
            }
            *ret = larger;
        }
        ssize_t got = read(fd, *ret + n, room - n - 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return -errno;
        }
        n += (size_t)got;
        if (got == 0 || n >= max_bytes) {
            (*ret)[n] = '\0';
            return (int64_t)n;
        }
    }
}

int64_t proc_file_read(int folder, const char *name, size_t max_bytes, char **ret) {
    char *text = NULL;
    int fd = proc_file_open(folder, name);
    if (fd < 0) {
        return fd == -ENOENT ? -ESRCH : fd;
    }
    int64_t n = read_all(fd, max_bytes, &text);
    close(fd);
    if (n < 0) {
        free(text);
        return n;
    }
    *ret = text;
    return n;
}

void proc_file_program(int folder, char *ret, size_t bytes) {
    char *text = NULL;
    int64_t n = proc_file_read(folder, "comm", bytes - 1, &text);
    size_t length = n > 0 ? strcspn(text, "\n") : 0;
    length = length < bytes ? length : bytes - 1;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        ret[i] = byte < 0x20 || byte == 0x7f ? '?' : text[i];
    }
    ret[length] = '\0';
    free(text);
}

/* What is in parentheses may have any bytes. */
int proc_file_stat(int folder, struct proc_file_stat *ret) {
    char *text = NULL;
    char state;
    unsigned long long code, stack;
    int64_t n = proc_file_read(folder, "stat", STAT_BYTES_MAX, &text);
    const char *at = n >= 0 ? strrchr(text, ')') : NULL;
    /* fields 3 on: state, 22 others, code, its end, stack */
    bool is_read = at && sscanf(at + 1,
                                " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
                                "%*s %*s %*s %*s %*s %*s %*s %llu %*s %llu",
                                &state, &code, &stack) == 3;
    free(text);
    if (!is_read) {
        return -ESRCH;
    }
    *ret = (struct proc_file_stat){.state = state, .code = code, .stack = stack};
    return 0;
}

int proc_file_running(int folder) {
    int fd = openat(folder, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *threads = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    int found = -1;
    while (threads && found < 0 && (entry = readdir(threads))) {
        struct proc_file_stat status;
        if (entry->d_name[0] == '.') {
            continue;
        }
        found = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (found >= 0 && (proc_file_stat(found, &status) != 0 || strchr("ZXx", status.state))) {
            close(found);
            found = -1;
        }
    }
    if (threads) {
        closedir(threads);
    } else if (fd >= 0) {
        close(fd);
    }
    if (found < 0) {
        return folder;
    }
    close(folder);
    return found;
}

int proc_file_process(int64_t pid) {
    char path[64];
    struct proc_file_stat status;
    snprintf(path, sizeof(path), "/proc/%lld", (long long)pid);
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        return errno == ENOENT ? -ESRCH : -errno;
    }
    bool is_empty = proc_file_stat(folder, &status) == 0 && status.state == 'Z';
    return is_empty ? proc_file_running(folder) : folder;
}
