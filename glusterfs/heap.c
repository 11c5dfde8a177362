/* SPDX-License-Identifier: MIT */
/* The __gf_malloc family.
 *
 * Where GlusterFS's accounting is off (--no-mem-accounting, and before a context is there) the
 * original uses libc's malloc, and callers may free with libc's free; so these calls are left to
 * it. A block of ours is told by its address, whatever the accounting is by then. */
#include "original.h"
#include "translator.h"

#include "account/heap.h"
#include "vm/space.h"

#include <errno.h>
#include <stdio.h>

/* While the original formats a text: who asked for it, and where THIS is. Else 0. */
static __thread uintptr_t format_site MEMPOOL_TLS_MODEL;
static __thread void **format_location MEMPOOL_TLS_MODEL;

static bool is_ours(const void *block) {
    return space_covers(space_offset(block));
}

/* For the next time. Not in the middle of a text, whose block is to come here. */
static void remember_this(void) {
    if (format_site == 0) {
        translator_this_location = original.this_location();
    }
}

MEMPOOL_NOINLINE static void *malloc_slow(size_t bytes, uint32_t type, const char *type_name,
                                          uintptr_t site) {
    uint32_t place = translator_place(format_location, type);
    struct mempool_type *handle = NULL;
    if (place == PLACE_NONE) {
        if (!original_engaged() || !translator_accounting()) {
            return original.malloc(bytes, type, type_name);
        }
        remember_this();
        place = translator_place_slow(type, type_name, &handle);
    }
    site = format_site != 0 ? format_site : site;
    return place != PLACE_NONE ? heap_malloc_at(bytes, place, site)
                               : heap_malloc(bytes, handle, site);
}

MEMPOOL_NOINLINE static void *calloc_slow(size_t n, size_t bytes, uint32_t type,
                                          const char *type_name, uintptr_t site) {
    struct mempool_type *handle;
    if (!original_engaged() || !translator_accounting()) {
        return original.calloc(n, bytes, type, type_name);
    }
    remember_this();
    uint32_t place = translator_place_slow(type, type_name, &handle);
    return place != PLACE_NONE ? heap_calloc_at(n, bytes, place, site)
                               : heap_calloc(n, bytes, handle, site);
}

GLUSTERFS_API void *__gf_malloc(size_t bytes, uint32_t type, const char *type_name);
GLUSTERFS_API void *__gf_malloc(size_t bytes, uint32_t type, const char *type_name) {
    uintptr_t site = MEMPOOL_SITE();
    uint32_t place = translator_place(translator_this_location, type);
    return MEMPOOL_LIKELY(place != PLACE_NONE) ? heap_malloc_at(bytes, place, site)
                                               : malloc_slow(bytes, type, type_name, site);
}

GLUSTERFS_API void *__gf_calloc(size_t n, size_t bytes, uint32_t type, const char *type_name);
GLUSTERFS_API void *__gf_calloc(size_t n, size_t bytes, uint32_t type, const char *type_name) {
    uintptr_t site = MEMPOOL_SITE();
    uint32_t place = translator_place(translator_this_location, type);
    return MEMPOOL_LIKELY(place != PLACE_NONE) ? heap_calloc_at(n, bytes, place, site)
                                               : calloc_slow(n, bytes, type, type_name, site);
}

GLUSTERFS_API void *__gf_realloc(void *block, size_t bytes);
GLUSTERFS_API void *__gf_realloc(void *block, size_t bytes) {
    uintptr_t site = MEMPOOL_SITE();
    if (!original_engaged() || (!is_ours(block) && !translator_accounting())) {
        return original.realloc(block, bytes);
    }
    if (block == NULL) {
        translator_enter();
    }
    return heap_realloc(block, bytes, site);
}

MEMPOOL_COLD static void free_others(void *block, uintptr_t site) {
    if (!original_engaged() || !translator_accounting()) {
        original.free(block);
    } else {
        heap_free(block, site); /* which reports what it is */
    }
}

GLUSTERFS_API void __gf_free(void *block);
GLUSTERFS_API void __gf_free(void *block) {
    uintptr_t site = MEMPOOL_SITE();
    if (block == NULL) {
        return;
    }
    if (MEMPOOL_LIKELY(is_ours(block))) {
        heap_free(block, site);
    } else {
        free_others(block, site);
    }
}

/* ---- texts: charged to who formats them, not to the library's function ----------------------- */

static int format_at(uintptr_t site, char **ret, const char *format, va_list list) {
    void **location = translator_this_location;
    (void)original_engaged();
    translator_this_location = NULL; /* its allocation comes the slow way */
    format_site = site;
    format_location = location;
    int n = original.vasprintf(ret, format, list);
    format_site = 0;
    format_location = NULL;
    translator_this_location = location;
    return n;
}

GLUSTERFS_API int gf_vasprintf(char **ret, const char *format, va_list list)
    __attribute__((format(printf, 2, 0)));
GLUSTERFS_API int gf_vasprintf(char **ret, const char *format, va_list list) {
    return format_at(MEMPOOL_SITE(), ret, format, list);
}

GLUSTERFS_API int gf_asprintf(char **ret, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
GLUSTERFS_API int gf_asprintf(char **ret, const char *format, ...) {
    va_list list;
    va_start(list, format);
    int n = format_at(MEMPOOL_SITE(), ret, format, list);
    va_end(list);
    return n;
}
