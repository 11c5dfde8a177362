/* SPDX-License-Identifier: MIT */
/* A part of the process's memory that others may be let look at: a memfd.
 *
 * FORK. Shared memory stays shared in a child, which would then write into its parent's books. So
 * each child gets a copy: a memfd of its own, filled before the fork and mapped in the place of the
 * parent's; or where none is to be had (descriptors, memory), private memory. To leave the mapping
 * out of children (MADV_DONTFORK) would be worse: whoever maps something in the child before us is
 * given the hole. The descriptor is only for others to open: a program that closes all of its
 * descriptors keeps the mapping. */
#include "sys/linux/share.h"

#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    PARTS_MAX = 8,
    FD_WANTED = 512, /* out of the way of programs that count on low numbers */
    NAME_BYTES = 32,
};

static struct {
    char *start;
    size_t bytes;
    char name[NAME_BYTES];
    /* of the memfd, if it still is that */
    int fd;
    dev_t device;
    ino_t inode;
    /* around a fork */
    struct sys_part parts[PARTS_MAX];
    size_t n_parts;
    int copy_fd; /* -1: none */
    char *copy;  /* the parts one behind the other; NULL: none */
    size_t copy_bytes;
} share;

/* A thread must not be cancelled here: locks are held. libc's close is a place for that. */
static void close_fd(int fd) {
    (void)syscall(SYS_close, fd);
}

bool share_covers(const void *address) {
    return (uintptr_t)address - (uintptr_t)share.start < share.bytes;
}

/* An empty memfd of the whole size: a descriptor or -errno. */
static int create(void) {
    struct rlimit limit;
    /* Beyond it there is a signal in place of an error. */
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        limit.rlim_cur < share.bytes) {
        return -EFBIG;
    }
    int fd = memfd_create(share.name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) {
        return -errno;
    }
    if (ftruncate(fd, (off_t)share.bytes) != 0) {
        int why = errno;
        close_fd(fd);
        return -why;
    }
    int high = fcntl(fd, F_DUPFD_CLOEXEC, FD_WANTED);
    if (high >= 0) {
        close_fd(fd);
        fd = high;
    }
    return fd;
}

/* Map a memfd in the place of what is there; 0 or -errno. */
static int map(int fd) {
    struct stat status;
    if (fstat(fd, &status) != 0 ||
        mmap(share.start, share.bytes, PROT_NONE, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, fd, 0) ==
            MAP_FAILED) {
        return -errno;
    }
    (void)madvise(share.start, share.bytes, MADV_DONTDUMP);
    /* Nobody makes it shorter under us, or opens it to write. */
    (void)fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    (void)fchmod(fd, S_IRUSR);
    share.fd = fd;
    share.device = status.st_dev;
    share.inode = status.st_ino;
    return 0;
}

int sys_share(void *start, size_t bytes, const char *name) {
    share.start = start;
    share.bytes = bytes;
    strncpy(share.name, name, NAME_BYTES - 1);
    int fd = create();
    int result = fd < 0 ? fd : map(fd);
    if (result < 0) {
        if (fd >= 0) {
            close_fd(fd);
        }
        share.start = NULL;
        share.bytes = 0;
    }
    return result;
}

/* ---- fork ------------------------------------------------------------------------------------ */

/* Other threads may write words of their own meanwhile, which the child gives up; so no sanitizer
 * has to watch: it does not see the bare system call. */
static bool write_all(int fd, const char *from, size_t bytes, off_t at) {
    if (lseek(fd, at, SEEK_SET) != at) {
        return false;
    }
    while (bytes > 0) {
        ssize_t n = syscall(SYS_write, fd, from, bytes);
        if (n <= 0) {
            return false;
        }
        from += n;
        bytes -= (size_t)n;
    }
    return true;
}

__attribute__((no_sanitize("thread"))) static void copy_words(char *into, const char *from,
                                                              size_t bytes) {
    for (size_t at = 0; at < bytes; at += sizeof(uint64_t)) {
        *(volatile uint64_t *)(void *)(into + at) =
            *(const volatile uint64_t *)(const void *)(from + at);
    }
}

/* Is the descriptor still ours? Programs close what they do not know. */
static bool fd_is_ours(void) {
    struct stat status;
    return fstat(share.fd, &status) == 0 && status.st_dev == share.device &&
           status.st_ino == share.inode;
}

/* The next piece of a part that holds something; false: none. Where it cannot be told: all. */
static bool next_data(bool ours, off_t at, off_t end, off_t *ret_from, off_t *ret_to) {
    *ret_from = at;
    *ret_to = end;
    if (at >= end) {
        return false;
    }
    if (!ours) {
        return true;
    }
    off_t from = lseek(share.fd, at, SEEK_DATA);
    if (from < 0) {
        return errno != ENXIO;
    }
    off_t to = lseek(share.fd, from, SEEK_HOLE);
    *ret_from = from;
    *ret_to = to > from && to < end ? to : end;
    return from < end;
}

/* From memfd to memfd. */
static bool send_all(int fd, off_t from, off_t to) {
    if (lseek(fd, from, SEEK_SET) != from) {
        return false;
    }
    while (from < to) {
        if (sendfile(fd, share.fd, &from, (size_t)(to - from)) <= 0) {
            return false;
        }
    }
    return true;
}

static bool copy_part(int fd, const struct sys_part *part, bool ours) {
    off_t at = (char *)part->start - share.start, end = at + (off_t)part->bytes;
    off_t from, to;
    while (next_data(ours, at, end, &from, &to)) {
        bool copied = ours ? send_all(fd, from, to)
                           : write_all(fd, share.start + from, (size_t)(to - from), from);
        if (!copied) {
            return false;
        }
        at = to;
    }
    return true;
}

static int copy_to_fd(void) {
    bool ours = fd_is_ours();
    int fd = create();
    for (size_t i = 0; fd >= 0 && i < share.n_parts; i++) {
        if (!copy_part(fd, &share.parts[i], ours)) {
            close_fd(fd);
            fd = -1;
        }
    }
    return fd < 0 ? -1 : fd;
}

/* The parts in private memory; NULL: none. */
static char *copy_to_memory(void) {
    share.copy_bytes = 0;
    for (size_t i = 0; i < share.n_parts; i++) {
        share.copy_bytes += share.parts[i].bytes;
    }
    char *copy = mmap(NULL, share.copy_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                      -1, 0);
    if (copy == MAP_FAILED) {
        return NULL;
    }
    char *at = copy;
    for (size_t i = 0; i < share.n_parts; i++) {
        copy_words(at, share.parts[i].start, share.parts[i].bytes);
        at += share.parts[i].bytes;
    }
    return copy;
}

void sys_share_before_fork(const struct sys_part *parts, size_t n) {
    int saved_errno = errno;
    share.n_parts = n < PARTS_MAX ? n : PARTS_MAX;
    memcpy(share.parts, parts, share.n_parts * sizeof parts[0]);
    share.copy_fd = copy_to_fd();
    share.copy = share.copy_fd < 0 ? copy_to_memory() : NULL;
    errno = saved_errno;
}

void sys_share_parent(void) {
    int saved_errno = errno;
    if (share.copy_fd >= 0) {
        close_fd(share.copy_fd);
    }
    if (share.copy != NULL) {
        (void)munmap(share.copy, share.copy_bytes);
    }
    errno = saved_errno;
}

static bool protect_parts(void) {
    for (size_t i = 0; i < share.n_parts; i++) {
        const struct sys_part *part = &share.parts[i];
        if (part->bytes > 0 && sys_operations.commit(part->start, part->bytes) != 0) {
            return false;
        }
    }
    return true;
}

/* The copy in private memory goes where the parts were. */
static int child_is_private(void) {
    char *at = share.copy;
    if (at == NULL || mmap(share.start, share.bytes, PROT_NONE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
                           0) == MAP_FAILED) {
        return -ENOMEM;
    }
    (void)madvise(share.start, share.bytes, MADV_DONTDUMP);
    if (!protect_parts()) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < share.n_parts; i++) {
        memcpy(share.parts[i].start, at, share.parts[i].bytes);
        at += share.parts[i].bytes;
    }
    (void)munmap(share.copy, share.copy_bytes);
    share.start = NULL;
    share.bytes = 0;
    return SYS_SHARE_PRIVATE;
}

int sys_share_child(void) {
    int saved_errno = errno;
    int parent_fd = fd_is_ours() ? share.fd : -1;
    int result = SYS_SHARE_SHARED;
    if (share.copy_fd < 0) {
        result = child_is_private();
    } else if (map(share.copy_fd) != 0 || !protect_parts()) {
        result = -ENOMEM;
    }
    if (parent_fd >= 0) {
        close_fd(parent_fd); /* the parent's books are none of ours */
    }
    errno = saved_errno;
    return result;
}
