/* SPDX-License-Identifier: MIT */
/* Worker for the classic pool: one lock, one slab, headers beside the objects. */
#include "bench/worker.h"
#include "replay/classic.h"

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

#include "bench/one_by_one.h"

#include "bench/cases_template.h"
