/* SPDX-License-Identifier: MIT */
/* Worker for the classic pool and accounting: locks, one slab, headers beside the objects. */
#include "bench/worker.h"
#include "replay/classic.h"
#include "replay/classic_site.h"
#include "replay/engine.h"

#include <errno.h>

typedef struct classic_pool *peer_pool;

int peer_start(struct worker_hello *hello) {
    worker_text(hello->version, sizeof(hello->version), "built in");
    return 0;
}

/* As its users did: as many objects in advance as are needed at most. */
static inline int peer_open(peer_pool *ret, size_t object_bytes, size_t count) {
    *ret = classic_pool_create(object_bytes, count);
    return *ret != NULL ? 0 : -errno;
}

static inline void peer_close(peer_pool pool) {
    classic_pool_destroy(pool);
}

static inline void *peer_get(peer_pool pool) {
    return classic_get(pool);
}

static inline void *peer_get0(peer_pool pool) {
    return classic_get0(pool);
}

static inline void peer_put(peer_pool pool, void *object) {
    (void)pool;
    classic_put(object);
}

typedef struct classic_site *peer_site;

static inline peer_site peer_site_open(const char *name) {
    return classic_site_create(name);
}

static inline void peer_enter(struct replay_worker *worker, peer_site site) {
    (void)worker;
    (void)site;
}

static inline void *peer_malloc(peer_site site, size_t bytes) {
    return classic_malloc(site->component, site->type, bytes);
}

static inline void *peer_calloc(peer_site site, size_t bytes) {
    return classic_calloc(site->component, site->type, bytes);
}

static inline void *peer_realloc(void *block, size_t bytes) {
    return classic_realloc(block, bytes);
}

static inline void peer_free(void *block) {
    classic_free(block);
}

#include "bench/one_by_one.h"

#include "bench/cases_template.h"
