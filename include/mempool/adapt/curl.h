/* SPDX-License-Identifier: MIT */
/* libcurl's memory as a component of its own. */
#ifndef MEMPOOL_ADAPT_CURL_H
#define MEMPOOL_ADAPT_CURL_H

#include <mempool/adapt/hook.h>

#include <curl/curl.h>
#include <errno.h>

#ifdef __cplusplus
extern "C" {
#endif

static struct mempool_component *mempool_hook_curl_component;

static inline void *mempool_hook_curl_malloc(size_t bytes) {
    return mempool_hook_malloc(mempool_hook_curl_component, MEMPOOL_TYPE("curl"), bytes);
}

static inline void *mempool_hook_curl_calloc(size_t n, size_t bytes) {
    return mempool_hook_calloc(mempool_hook_curl_component, MEMPOOL_TYPE("curl"), n, bytes);
}

static inline void *mempool_hook_curl_realloc(void *block, size_t bytes) {
    return mempool_hook_realloc(mempool_hook_curl_component, MEMPOOL_TYPE("curl"), block, bytes);
}

static inline char *mempool_hook_curl_strdup(const char *text) {
    struct mempool_component *before = mempool_component_enter(mempool_hook_curl_component);
    char *copy = mempool_strdup_typed(text, MEMPOOL_TYPE("curl"));
    mempool_component_leave(before);
    return copy;
}

/* libcurl says CURLE_OK to hooks that it ignores: only a block tells whose it is. */
static inline int mempool_hook_curl_try(void) {
    struct curl_slist *probe = curl_slist_append(0, "");
    int status = !probe ? -ENOMEM : mempool_usable_bytes(probe) == 0 ? -EBUSY : 0;
    curl_slist_free_all(probe);
    return status;
}

/** mempool_adapt_curl: initialize libcurl, and charge what it allocates to `component`, type
 *  "curl".
 *      mempool_adapt_curl(mempool_component_create("curl", NULL));
 *      CURL *easy = curl_easy_init();
 *  When:    in place of curl_global_init (with CURL_GLOBAL_DEFAULT), hence before curl_easy_init,
 *           which would initialize libcurl with malloc. Each success wants a curl_global_cleanup.
 *  Errors:  -EBUSY: libcurl was initialized otherwise before, and stays as it was; -ENOMEM;
 *           -EIO: libcurl could not be initialized.
 *  Threads: before there are others, as curl_global_init; libcurl then as ever.
 *  Rest:    0 bytes after curl_global_cleanup. What the TLS library and others below libcurl
 *           allocate is theirs: for OpenSSL see mempool/adapt/openssl.h.      Since: 0.1 */
static inline int mempool_adapt_curl(struct mempool_component *component) {
    struct mempool_component *before = mempool_hook_curl_component;
    mempool_hook_curl_component = component;
    int status = -EIO;
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, mempool_hook_curl_malloc, mempool_free,
                             mempool_hook_curl_realloc, mempool_hook_curl_strdup,
                             mempool_hook_curl_calloc) == CURLE_OK) {
        status = mempool_hook_curl_try();
        if (status == 0) {
            return 0;
        }
        curl_global_cleanup(); /* takes back this one initialization only */
    }
    mempool_hook_curl_component = before;
    return status;
}

#ifdef __cplusplus
}
#endif
#endif
