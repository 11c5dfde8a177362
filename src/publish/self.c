/* SPDX-License-Identifier: MIT */
/* The process's own books, read as another process would read them. */
#include "publish/self.h"

#include "pool/heap.h"
#include "vm/space.h"

#include <errno.h>

enum { AREAS = 6 };

static const struct area *area_of(size_t i) {
    static const struct area *const areas[AREAS] = {
        &space.publication,     &space.pools,  &space.slabs,
        &space.descriptor_area, &space.blocks, &space.records};
    return areas[i];
}

static bool covers(uintptr_t start, size_t bytes, uint64_t address, size_t n) {
    return address >= start && n <= bytes && address - start <= bytes - n;
}

/* What is committed stays so, with all that was ever reached through it. */
static bool is_readable(uint64_t address, size_t n) {
    for (size_t i = 0; i < AREAS; i++) {
        const struct area *area = area_of(i);
        uintptr_t start = (uintptr_t)area->start - area->skew;
        if (covers(start, load_relaxed(&area->committed_bytes), address, n)) {
            return true;
        }
    }
    return covers((uintptr_t)heap_buckets_place(), sizeof(void *), address, n);
}

/* A word at a time, so that none is torn. Others write meanwhile, which is the point; a sanitizer
 * need not say so. */
__attribute__((no_sanitize("thread"))) static void copy(void *into, const void *from, size_t n) {
    size_t words = (uintptr_t)from % sizeof(uint64_t) == 0 ? n / sizeof(uint64_t) : 0;
    for (size_t i = 0; i < words; i++) {
        uint64_t word = ((const volatile uint64_t *)from)[i];
        __builtin_memcpy((char *)into + i * sizeof word, &word, sizeof word);
    }
    for (size_t i = words * sizeof(uint64_t); i < n; i++) {
        ((char *)into)[i] = ((const volatile char *)from)[i];
    }
}

static int read_self(struct view_source *source, uint64_t address, void *into, size_t n) {
    (void)source;
    if (!is_readable(address, n)) {
        return -EFAULT;
    }
    copy(into, (const void *)(uintptr_t)address, n); /* NOLINT: an address */
    /* P2 pairs with P1 in vm/space.h: what a root leads to is seen */
    atomic_thread_fence(memory_order_acquire);
    return 0;
}

bool view_source_self(struct view_source *ret) {
    if (!space.ready || space.publication.used_bytes == 0) {
        return false;
    }
    *ret = (struct view_source){
        .read = read_self,
        .header = (uintptr_t)space.publication.start,
        .pid = sys_process_id(),
    };
    return true;
}
