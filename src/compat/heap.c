/* SPDX-License-Identifier: MIT */
/* GlusterFS's accounted allocations: the accounted heap, charged to THIS. */
#include "account/heap.h"

#include "base/bits.h"
#include "compat/log.h"
#include "compat/misuse.h"
#include "compat/translator.h"
#include "sys/sys.h"

#include <errno.h>
#include <string.h>

/* The block, if there is one; else the log says so. */
static void *or_log(void *block, const char *function, size_t bytes, uintptr_t site) {
    if (MEMPOOL_UNLIKELY(block == NULL)) {
        log_no_memory(function, bytes, site);
    }
    return block;
}

MEMPOOL_API void *mempool_gf_malloc(size_t bytes, struct mempool_type *type) {
    uintptr_t site = MEMPOOL_SITE();
    translator_follow_this();
    return or_log(heap_malloc(bytes, type, site), "__gf_malloc", bytes, site);
}

MEMPOOL_API void *mempool_gf_calloc(size_t n, size_t bytes, struct mempool_type *type) {
    uintptr_t site = MEMPOOL_SITE();
    size_t all;
    translator_follow_this();
    return or_log(heap_calloc(n, bytes, type, site), "__gf_calloc",
                  multiply_checked(n, bytes, &all) ? all : SIZE_MAX, site);
}

MEMPOOL_API void *mempool_gf_realloc(void *block, size_t bytes) {
    uintptr_t site = MEMPOOL_SITE();
    translator_follow_this(); /* for a new block */
    report_listener before = misuse_log_begin(misuse_log);
    void *moved = heap_realloc(block, bytes, site);
    misuse_log_end(before);
    return moved != NULL || errno != ENOMEM ? moved : or_log(NULL, "__gf_realloc", bytes, site);
}

MEMPOOL_API void mempool_gf_free(void *block) {
    uintptr_t site = MEMPOOL_SITE();
    report_listener before = misuse_log_begin(misuse_log);
    heap_free(block, site);
    misuse_log_end(before);
}

MEMPOOL_API char *mempool_gf_strndup(const char *text, size_t n, struct mempool_type *type) {
    uintptr_t site = MEMPOOL_SITE();
    if (text == NULL) {
        return NULL;
    }
    translator_follow_this();
    return or_log(heap_strndup(text, n, type, site), "gf_strdup", strnlen(text, n) + 1, site);
}

MEMPOOL_API void *mempool_gf_memdup(const void *bytes, size_t n, struct mempool_type *type) {
    uintptr_t site = MEMPOOL_SITE();
    if (bytes == NULL) {
        return NULL;
    }
    translator_follow_this();
    return or_log(heap_memdup(bytes, n, type, site), "gf_memdup", n, site);
}

static int format_block(char **ret, const char *format, va_list list, uintptr_t site)
    __attribute__((format(printf, 2, 0)));
static int format_block(char **ret, const char *format, va_list list, uintptr_t site) {
    if (ret == NULL || format == NULL) {
        return -1;
    }
    translator_follow_this();
    va_list again;
    va_copy(again, list);
    int length = heap_vasprintf(ret, MEMPOOL_TYPE("gf_common_mt_asprintf"), format, list, site);
    if (length < 0 && errno == ENOMEM) {
        log_no_memory("gf_vasprintf", (size_t)sys_format(NULL, 0, format, again) + 1, site);
    }
    va_end(again);
    return length;
}

MEMPOOL_API int mempool_gf_vasprintf(char **ret, const char *format, va_list list) {
    return format_block(ret, format, list, MEMPOOL_SITE());
}

MEMPOOL_API int mempool_gf_asprintf(char **ret, const char *format, ...) {
    va_list list;
    uintptr_t site = MEMPOOL_SITE();
    va_start(list, format);
    int length = format_block(ret, format, list, site);
    va_end(list);
    return length;
}
