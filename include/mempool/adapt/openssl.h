/* SPDX-License-Identifier: MIT */
/* OpenSSL's memory as a component of its own. */
#ifndef MEMPOOL_ADAPT_OPENSSL_H
#define MEMPOOL_ADAPT_OPENSSL_H

#include <mempool/adapt/hook.h>

#include <errno.h>
#include <openssl/crypto.h>

#ifdef __cplusplus
extern "C" {
#endif

static struct mempool_component *mempool_hook_openssl_component;

/* OpenSSL hands 0 bytes and NULL through to its hooks, and expects of them what its own functions
 * do: no block for 0 bytes, and a block resized to 0 is freed. File and line are its own sources',
 * which tell no more than the type. */
static inline void *mempool_hook_openssl_malloc(size_t bytes, const char *file, int line) {
    (void)file;
    (void)line;
    return bytes == 0 ? 0
                      : mempool_hook_malloc(mempool_hook_openssl_component, MEMPOOL_TYPE("openssl"),
                                            bytes);
}

static inline void mempool_hook_openssl_free(void *block, const char *file, int line) {
    (void)file;
    (void)line;
    mempool_free(block);
}

static inline void *mempool_hook_openssl_realloc(void *block, size_t bytes, const char *file,
                                                 int line) {
    if (!block) {
        return mempool_hook_openssl_malloc(bytes, file, line);
    }
    if (bytes == 0) {
        mempool_free(block);
        return 0;
    }
    return mempool_realloc(block, bytes);
}

/** mempool_adapt_openssl: charge what OpenSSL allocates to `component`, type "openssl".
 *      mempool_adapt_openssl(mempool_component_create("openssl", NULL));
 *      SSL_CTX *context = SSL_CTX_new(TLS_method());
 *  When:    before OpenSSL's first allocation in the process: first thing in main, before libraries
 *           that use OpenSSL (libcurl, for one) are initialized.
 *  Errors:  -EBUSY: OpenSSL has allocated, and all stays as it was.
 *  Threads: before there are others; OpenSSL then as ever.
 *  Rest:    0 bytes after OPENSSL_cleanup, which also runs at exit; until then OpenSSL keeps its
 *           tables, some hundreds of kilobytes. The secure heap is not charged. Since: 0.1 */
static inline int mempool_adapt_openssl(struct mempool_component *component) {
    if (!CRYPTO_set_mem_functions(mempool_hook_openssl_malloc, mempool_hook_openssl_realloc,
                                  mempool_hook_openssl_free)) {
        return -EBUSY;
    }
    mempool_hook_openssl_component = component;
    return 0;
}

#ifdef __cplusplus
}
#endif
#endif
