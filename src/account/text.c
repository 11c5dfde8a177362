/* SPDX-License-Identifier: MIT */
/* Copies of text and bytes, and formatted text, as blocks of the heap. */
#include "account/heap.h"
#include "base/attributes.h"
#include "sys/sys.h"

#include <errno.h>
#include <string.h>

void *heap_memdup(const void *bytes, size_t n, struct mempool_type *type, uintptr_t site) {
    void *copy = heap_malloc(n, type, site);
    if (copy != NULL && n > 0) {
        memcpy(copy, bytes, n);
    }
    return copy;
}

MEMPOOL_API void *mempool_memdup_typed(const void *bytes, size_t n, struct mempool_type *type) {
    return heap_memdup(bytes, n, type, MEMPOOL_SITE());
}

static char *copy_text(const char *text, size_t length, struct mempool_type *type,
                       uintptr_t site) {
    char *copy = heap_malloc(length + 1, type, site);
    if (copy != NULL) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}

char *heap_strndup(const char *text, size_t n, struct mempool_type *type, uintptr_t site) {
    return copy_text(text, strnlen(text, n), type, site);
}

MEMPOOL_API char *mempool_strndup_typed(const char *text, size_t n, struct mempool_type *type) {
    return heap_strndup(text, n, type, MEMPOOL_SITE());
}

MEMPOOL_API char *mempool_strdup_typed(const char *text, struct mempool_type *type) {
    return copy_text(text, strlen(text), type, MEMPOOL_SITE());
}

int heap_vasprintf(char **ret, struct mempool_type *type, const char *format, va_list list,
                   uintptr_t site) {
    va_list again;
    va_copy(again, list);
    *ret = NULL;
    int length = sys_format(NULL, 0, format, list);
    if (length >= 0) {
        *ret = heap_malloc((size_t)length + 1, type, site);
        length = *ret != NULL ? sys_format(*ret, (size_t)length + 1, format, again) : -1;
    }
    va_end(again);
    return length;
}

MEMPOOL_API int mempool_vasprintf_typed(char **ret, struct mempool_type *type, const char *format,
                                        va_list list) {
    return heap_vasprintf(ret, type, format, list, MEMPOOL_SITE());
}

MEMPOOL_API int mempool_asprintf_typed(char **ret, struct mempool_type *type, const char *format,
                                       ...) {
    va_list list;
    uintptr_t site = MEMPOOL_SITE();
    va_start(list, format);
    int length = heap_vasprintf(ret, type, format, list, site);
    va_end(list);
    return length;
}
