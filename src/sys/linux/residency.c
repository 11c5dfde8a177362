/* SPDX-License-Identifier: MIT */
/* What of the process is resident: /proc/self/smaps, mapping by mapping. */
#include "sys/linux/proc.h"
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The counter that a mapping's pages belong to. */
static uint64_t *counter_of(struct sys_residency *ret, uintptr_t start, const char *path) {
    if (start >= ret->first_start && start < ret->first_end) {
        return &ret->first;
    }
    if (start >= ret->second_start && start < ret->second_end) {
        return &ret->second;
    }
    if (path == NULL) {
        return &ret->anonymous;
    }
    if (strncmp(path, "[heap]", 6) == 0) {
        return &ret->libc_heap;
    }
    if (strncmp(path, "[stack", 6) == 0) {
        return &ret->stack;
    }
    return path[0] == '/' || strncmp(path, "[v", 2) == 0 ? &ret->files : &ret->anonymous;
}

/* "start-end rwxp offset dev inode   path": is it such a line? */
static bool is_header(const char *line, uintptr_t *ret_start) {
    const char *at = proc_hex(line, ret_start);
    return at != line && *at == '-';
}

static void read_smaps(struct proc_reader *reader, struct sys_residency *ret) {
    char line[PROC_LINE_BYTES];
    uint64_t *counter = &ret->anonymous;
    uintptr_t start;
    while (proc_next_line(reader, line, sizeof line)) {
        if (is_header(line, &start)) {
            counter = counter_of(ret, start, strpbrk(line, "/["));
        } else if (strncmp(line, "Rss:", 4) == 0) {
            uint64_t bytes = strtoull(line + 4, NULL, 10) * 1024;
            *counter += bytes;
            ret->total += bytes;
        }
    }
}

/* Of the mappings without a name, what libc's malloc has: its other arenas and single mappings.
 * Another malloc in its place has no such figures. */
static void split_anonymous(struct sys_residency *ret) {
#if defined(__GLIBC__)
    struct mallinfo2 info = mallinfo2();
    uint64_t main_arena = ret->libc_heap;
    uint64_t elsewhere = info.hblkhd + (info.arena > main_arena ? info.arena - main_arena : 0);
    uint64_t libc = elsewhere < ret->anonymous ? elsewhere : ret->anonymous;
    ret->libc_heap += libc;
    ret->anonymous -= libc;
#else
    (void)ret;
#endif
}

int sys_residency(struct sys_residency *ret) {
    struct proc_reader reader = {.fd = open("/proc/self/smaps", O_RDONLY | O_CLOEXEC)};
    if (reader.fd < 0) {
        return -errno;
    }
    read_smaps(&reader, ret);
    close(reader.fd);
    split_anonymous(ret);
    return 0;
}

uint64_t sys_resident_bytes(void *start, size_t bytes) {
    enum { PAGES = 512, PAGE_BYTES = 4096 };
    unsigned char pages[PAGES];
    uint64_t resident = 0;
    for (size_t at = 0; at < bytes; at += (size_t)PAGES * PAGE_BYTES) {
        size_t left = bytes - at;
        size_t piece = left < (size_t)PAGES * PAGE_BYTES ? left : (size_t)PAGES * PAGE_BYTES;
        if (mincore((char *)start + at, piece, pages) != 0) {
            continue;
        }
        for (size_t i = 0; i < piece / PAGE_BYTES; i++) {
            resident += (pages[i] & 1) != 0 ? PAGE_BYTES : 0;
        }
    }
    return resident;
}

void sys_mallinfo(uint64_t ret[10]) {
    memset(ret, 0, 10 * sizeof ret[0]);
#if defined(__GLIBC__)
    struct mallinfo2 info = mallinfo2();
    uint64_t values[] = {info.arena,    info.ordblks,  info.smblks,   info.hblks,    info.hblkhd,
                         info.usmblks,  info.fsmblks,  info.uordblks, info.fordblks, info.keepcost};
    memcpy(ret, values, sizeof values);
#endif
}
