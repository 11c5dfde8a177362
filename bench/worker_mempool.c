/* SPDX-License-Identifier: MIT */
/* Worker for our own pools and heap: the shared library, called as any program would. */
#include "bench/worker.h"
#include "replay/own_site.h"

#include <dlfcn.h>
#include <errno.h>
#include <mempool/mempool.h>

typedef struct mempool *peer_pool;

int peer_start(struct worker_hello *hello) {
    Dl_info info;
    worker_text(hello->version, sizeof(hello->version), mempool_version());
    if (dladdr((const void *)(uintptr_t)mempool_version, &info) != 0 && info.dli_fname != NULL) {
        worker_text(hello->library, sizeof(hello->library), info.dli_fname);
    }
    return 0;
}

/* Nothing is made ready in advance: the pool grows as its users do. */
static inline int peer_open(peer_pool *ret, size_t object_bytes, size_t count) {
    (void)count;
    const struct mempool_options options = {
        .struct_size = sizeof(options),
        .name = "bench",
        .object_bytes = object_bytes,
    };
    *ret = mempool_create(&options);
    return *ret != NULL ? 0 : -errno;
}

static inline void peer_close(peer_pool pool) {
    (void)mempool_destroy(pool);
}

static inline void *peer_get(peer_pool pool) {
    return mempool_get(pool);
}

static inline void *peer_get0(peer_pool pool) {
    return mempool_get0(pool);
}

static inline void peer_put(peer_pool pool, void *object) {
    (void)pool;
    mempool_put(object);
}

static inline size_t peer_get_bulk(peer_pool pool, void **objects, size_t n) {
    return mempool_get_bulk(pool, objects, n);
}

static inline void peer_put_bulk(peer_pool pool, void *const *objects, size_t n) {
    (void)pool;
    mempool_put_bulk(objects, n);
}

typedef struct own_site *peer_site;

static inline peer_site peer_site_open(const char *name) {
    return own_site_create(name);
}

static inline void peer_enter(struct replay_worker *worker, peer_site site) {
    own_site_enter(worker, site);
}

static inline void *peer_malloc(peer_site site, size_t bytes) {
    return mempool_malloc_typed(bytes, site->type);
}

static inline void *peer_calloc(peer_site site, size_t bytes) {
    return mempool_calloc_typed(1, bytes, site->type);
}

static inline void *peer_realloc(void *block, size_t bytes) {
    return mempool_realloc(block, bytes);
}

static inline void peer_free(void *block) {
    mempool_free(block);
}

#include "bench/cases_template.h"
