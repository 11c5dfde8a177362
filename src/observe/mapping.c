/* SPDX-License-Identifier: MIT */
/* mempool_mapping_name: names for the program's own mappings.
 *
 * The list is written and copied under space.lock, which a fork waits for. */
#include "observe/mapping.h"

#include "base/attributes.h"
#include "base/text.h"
#include "pool/runtime.h"
#include "vm/space.h"

#include <mempool/observe.h>

#include <errno.h>
#include <string.h>

static struct mappings mappings;

static void lock(struct sys_signals *ret_before) {
    sys_signals_block(ret_before);
    sys_lock_take(&space.lock);
}

static void unlock(const struct sys_signals *before) {
    sys_lock_drop(&space.lock);
    sys_signals_restore(before);
}

void mappings_copy(struct mappings *ret) {
    struct sys_signals before;
    lock(&before);
    *ret = mappings;
    unlock(&before);
}

/* The first that shares an address with [start, end), or NULL. */
static struct mapping *find(uintptr_t start, uintptr_t end) {
    for (size_t i = 0; i < mappings.n; i++) {
        struct mapping *mapping = &mappings.list[i];
        if (start < mapping->end && mapping->start < end) {
            return mapping;
        }
    }
    return NULL;
}

static int add(uintptr_t start, uintptr_t end, const char *name) {
    if (find(start, end) != NULL) {
        return -EEXIST;
    }
    if (mappings.n == MAPPINGS_MAX) {
        return -ENOSPC;
    }
    struct mapping *mapping = &mappings.list[mappings.n++];
    struct text text;
    text_init(&text, mapping->name, sizeof mapping->name);
    text_add(&text, name);
    mapping->start = start;
    mapping->end = end;
    return 0;
}

static int drop(uintptr_t start, uintptr_t end) {
    struct mapping *mapping = find(start, end);
    if (mapping == NULL || mapping->start != start || mapping->end != end) {
        return -ENOENT;
    }
    *mapping = mappings.list[--mappings.n];
    return 0;
}

MEMPOOL_API int mempool_mapping_name(const void *start, size_t bytes, const char *name) {
    uintptr_t first = (uintptr_t)start, mask = sys_page_bytes() - 1;
    struct sys_signals before;
    int saved_errno = errno;
    if (first == 0 || (first & mask) != 0 || bytes == 0 || bytes > UINTPTR_MAX - first - mask) {
        return -EINVAL;
    }
    uintptr_t end = (first + bytes + mask) & ~mask;
    int result = runtime_start();
    if (result == 0) {
        lock(&before);
        result = name != NULL ? add(first, end, name) : drop(first, end);
        unlock(&before);
    }
    errno = saved_errno;
    return result;
}
