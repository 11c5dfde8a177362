/* SPDX-License-Identifier: MIT */
/* What of the process is resident: /proc/self/smaps, mapping by mapping. */
#include "sys/linux/residency.h"

#include "sys/linux/claims.h"
#include "sys/linux/proc.h"
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* glibc's arenas other than the first lie in pieces of so many bytes, aligned likewise. */
#define LIBC_PIECE_BYTES ((uintptr_t)2 * 4 * 1024 * 1024 * sizeof(long))
#define LIBC_PIECES_MAX 256 /* side by side, as one mapping */

/* One mapping, from its line of smaps. */
struct mapping {
    uintptr_t start, end;
    const char *rights; /* "rw-p" */
    const char *path;   /* NULL: none */
};

struct walk {
    struct sys_residency *ret;
    struct mapping mapping; /* whose lines are being read; its texts are gone */
    uint64_t *counter;      /* that its pages belong to */
    bool is_private;        /* readable, writable, and nobody else's, as malloc's are */
    size_t claim;           /* the first that ends behind it */
    struct residency_libc libc;
    uintptr_t piece;        /* the mapping before has the used part of one, if what follows fits */
    uint64_t piece_bytes;   /* resident of it */
};

static uint64_t least(uint64_t left, uint64_t right) {
    return left < right ? left : right;
}

static bool begins(const char *text, const char *with) {
    return strncmp(text, with, strlen(with)) == 0;
}

/* Shared memory that has a name, and what a program named by prctl(PR_SET_VMA). */
static bool is_named(const char *path) {
    return begins(path, "/memfd:") || begins(path, "/dev/shm/") || begins(path, "/SYSV") ||
           begins(path, "[anon:") || begins(path, "[anon_shmem:");
}

static uint64_t *counter_of(struct sys_residency *ret, const struct mapping *mapping) {
    const char *path = mapping->path;
    if (mapping->start >= ret->first_start && mapping->start < ret->first_end) {
        return &ret->first;
    }
    if (mapping->start >= ret->second_start && mapping->start < ret->second_end) {
        return &ret->second;
    }
    if (path == NULL || begins(path, "/dev/zero")) { /* the latter: anonymous and shared */
        return &ret->anonymous;
    }
    if (begins(path, "[heap]")) {
        return &ret->libc_heap;
    }
    if (begins(path, "[stack")) {
        return &ret->stack;
    }
    if (is_named(path)) {
        return &ret->named;
    }
    return path[0] == '/' || begins(path, "[v") ? &ret->files : &ret->anonymous;
}

/* "start-end rwxp offset dev inode   path": is it such a line? */
static bool is_header(const char *line, struct mapping *ret) {
    const char *at = proc_hex(line, &ret->start);
    if (at == line || *at != '-') {
        return false;
    }
    at = proc_hex(at + 1, &ret->end);
    ret->rights = *at == ' ' ? at + 1 : at;
    ret->path = strpbrk(line, "/[");
    return true;
}

/* A piece is readable up to where it is used, and without rights from there to its end; it may have
 * grown or shrunk since the line before. */
static bool ends_piece(const struct walk *walk, const struct mapping *mapping) {
    return walk->piece != 0 && mapping->path == NULL && begins(mapping->rights, "---p") &&
           mapping->start > walk->piece && mapping->start - walk->piece < LIBC_PIECE_BYTES &&
           mapping->end - walk->piece >= LIBC_PIECE_BYTES;
}

static void begin_mapping(struct walk *walk, const struct mapping *mapping) {
    bool is_again = mapping->start < walk->mapping.end;
    if (ends_piece(walk, mapping)) {
        walk->libc.arena_bytes += walk->piece_bytes;
    } else if (is_again) {
        /* it has grown since its line, so the kernel, which reads on from an address, has it once
         * more; or it has shrunk, and this is new: too little is better than twice */
        walk->mapping.end = mapping->end;
        walk->counter = NULL;
        return;
    }
    walk->piece = 0;
    walk->mapping = *mapping;
    walk->is_private = mapping->path == NULL && begins(mapping->rights, "rw-p");
    walk->counter = counter_of(walk->ret, mapping);
    if (walk->counter == &walk->ret->libc_heap) {
        walk->libc.heap_bytes += mapping->end - mapping->start;
    }
}

/* Page by page. */
static uint64_t count_pages(const struct sys_residency *ret, uintptr_t start, uintptr_t end) {
    if (start == end) {
        return 0;
    }
    return ret->resident_bytes != NULL ? ret->resident_bytes(ret->process, start, end - start)
                                       : sys_resident_bytes((void *)start, end - start);
}

/* Resident bytes of a part of the mapping that has `bytes` in all. What is smaller is counted, the
 * part or the rest: mappings of terabytes are not rare. */
static uint64_t part_of(const struct walk *walk, uintptr_t start, uintptr_t end, uint64_t bytes) {
    const struct mapping *mapping = &walk->mapping;
    uintptr_t from = start > mapping->start ? start : mapping->start;
    uintptr_t to = end < mapping->end ? end : mapping->end;
    if (to - from <= (mapping->end - mapping->start) / 2) {
        return least(bytes, count_pages(walk->ret, from, to));
    }
    uint64_t rest = count_pages(walk->ret, mapping->start, from) +
                    count_pages(walk->ret, to, mapping->end);
    return bytes - least(bytes, rest);
}

/* What of the mapping is somebody's; the rest is returned. */
static uint64_t take_claims(struct walk *walk, uint64_t bytes) {
    const struct sys_residency *ret = walk->ret;
    const struct mapping *mapping = &walk->mapping;
    uint64_t whole = bytes;
    while (walk->claim < ret->n_claims && ret->claims[walk->claim].end <= mapping->start) {
        walk->claim++;
    }
    for (size_t i = walk->claim; i < ret->n_claims && bytes > 0; i++) {
        const struct sys_claim *claim = &ret->claims[i];
        if (claim->start < mapping->end && claim->start < claim->end &&
            !(claim->in_last_mapping && claim->end > mapping->end)) {
            uint64_t part = least(bytes, part_of(walk, claim->start, claim->end, whole));
            *claim->resident += part;
            bytes -= part;
        }
    }
    return bytes;
}

static void note_piece(struct walk *walk, uint64_t bytes) {
    uintptr_t start = (walk->mapping.start + LIBC_PIECE_BYTES - 1) & ~(LIBC_PIECE_BYTES - 1);
    uintptr_t end = walk->mapping.end;
    /* A sanitizer's shadow is terabytes of nothing: to look at each page of it takes a minute. */
    if (start >= end || end - start > LIBC_PIECES_MAX * LIBC_PIECE_BYTES || bytes == 0) {
        return;
    }
    walk->piece_bytes = part_of(walk, start, end, bytes);
    if (end % LIBC_PIECE_BYTES == 0) { /* used to its end */
        walk->libc.arena_bytes += walk->piece_bytes;
    } else {
        walk->piece = end & ~(LIBC_PIECE_BYTES - 1);
    }
}

static void add_resident(struct walk *walk, uint64_t bytes) {
    struct sys_residency *ret = walk->ret;
    if (walk->counter == NULL) {
        return;
    }
    ret->total += bytes;
    if (walk->counter == &ret->anonymous || walk->counter == &ret->named) {
        bytes = take_claims(walk, bytes);
    }
    *walk->counter += bytes;
    if (walk->is_private && walk->counter == &ret->anonymous) {
        walk->libc.private_bytes += bytes;
        note_piece(walk, bytes);
    }
}

void residency_read(int fd, struct sys_residency *ret, struct residency_libc *ret_libc) {
    struct proc_reader reader = {.fd = fd};
    struct walk walk = {.ret = ret};
    char line[PROC_LINE_BYTES];
    struct mapping mapping;
    while (proc_next_line(&reader, line, sizeof line)) {
        if (is_header(line, &mapping)) {
            begin_mapping(&walk, &mapping);
        } else if (begins(line, "Rss:")) {
            add_resident(&walk, strtoull(line + 4, NULL, 10) * 1024);
        }
    }
    *ret_libc = walk.libc;
}

/* Of the mappings without a name, what libc's malloc has: arenas, where both the mappings and libc
 * say so; and blocks with a mapping of their own, of which libc tells the size, and not what is
 * resident. Another malloc in its place has no such figures. */
static void split_anonymous(struct sys_residency *ret, const struct residency_libc *found) {
#if defined(__GLIBC__)
    struct mallinfo2 info = mallinfo2();
    uint64_t elsewhere = info.arena > found->heap_bytes ? info.arena - found->heap_bytes : 0;
    uint64_t arenas = least(elsewhere, found->arena_bytes);
    uint64_t libc = arenas + least(info.hblkhd, found->private_bytes - arenas);
    ret->libc_heap += libc;
    ret->anonymous -= libc;
#else
    (void)ret;
    (void)found;
#endif
}

int sys_residency(struct sys_residency *ret) {
    struct residency_libc libc;
    int fd = open("/proc/self/smaps", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    claims_complete(ret);
    residency_read(fd, ret, &libc);
    close(fd);
    split_anonymous(ret, &libc);
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
