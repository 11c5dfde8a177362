/* SPDX-License-Identifier: MIT */
/* Memory from the kernel: reserve, commit, purge; and libc's heap for HEAP pools. */
#include "base/bits.h"
#include "sys/linux/share.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static void *reserve(size_t bytes) {
    void *start = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED) {
        return NULL;
    }
    /* A reservation of many gigabytes must not fill core files; failing is harmless. */
    (void)madvise(start, bytes, MADV_DONTDUMP);
    return start;
}

static void release(void *start, size_t bytes) {
    (void)munmap(start, bytes);
}

static int commit(void *start, size_t bytes) {
    if (mprotect(start, bytes, PROT_READ | PROT_WRITE) != 0) {
        return -errno;
    }
    (void)madvise(start, bytes, MADV_DODUMP);
    return 0;
}

static int purge(void *start, size_t bytes) {
    /* What is shared is a file's: that has to lose the pages, too. */
    int advice = share_covers(start) ? MADV_REMOVE : MADV_DONTNEED;
    return madvise(start, bytes, advice) == 0 ? 0 : -errno;
}

static void huge(void *start, size_t bytes, bool wanted) {
    (void)madvise(start, bytes, wanted ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

static void *heap_allocate(size_t bytes, size_t align) {
    void *block = NULL;
    return posix_memalign(&block, max_size(align, sizeof(void *)), bytes) == 0 ? block : NULL;
}

static uint64_t clock_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct sys_operations sys_operations = {
    .reserve = reserve,
    .release = release,
    .commit = commit,
    .purge = purge,
    .huge = huge,
    .heap_allocate = heap_allocate,
    .heap_free = free,
    .clock_ms = clock_ms,
};

size_t sys_page_bytes(void) {
    static _Atomic size_t page_bytes;
    size_t bytes = load_relaxed(&page_bytes);
    if (bytes == 0) {
        bytes = (size_t)sysconf(_SC_PAGESIZE);
        store_relaxed(&page_bytes, bytes);
    }
    return bytes;
}

size_t sys_arena_bytes_wanted(void) {
    return sizeof(void *) == 8 ? (size_t)((uint64_t)256 << 30) : (size_t)1 << 30;
}

uint64_t sys_clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}
