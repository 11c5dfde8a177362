/* SPDX-License-Identifier: MIT */
/* The contenders that every build has. */
#include "replay/contenders.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <mempool/mempool.h>

#include "replay/classic.h"
#include "replay/classic_site.h"
#include "replay/own_site.h"

/* ---- mempool ---- */

static void *mempool_contender_create(size_t object_bytes, size_t count, const char *name) {
    (void)count;
    char component[MEMPOOL_NAME_BYTES];
    const char *colon = strchr(name, ':');
    size_t component_bytes = colon ? (size_t)(colon - name) : 0;
    if (component_bytes >= sizeof(component)) {
        component_bytes = sizeof(component) - 1;
    }
    memcpy(component, name, component_bytes);
    component[component_bytes] = '\0';
    struct mempool_options options = {
        .struct_size = sizeof(options),
        .name = colon ? colon + 1 : name,
        .component = colon ? component : NULL,
        .object_bytes = object_bytes,
        .on_empty = MEMPOOL_GROW,
    };
    return mempool_create(&options);
}

static void mempool_contender_destroy(void *pool) {
    mempool_destroy(pool);
}

static void *mempool_contender_site(const char *name) {
    return own_site_create(name);
}

static void name_mapping(void *start, size_t bytes) {
    (void)mempool_mapping_name(start, bytes, "replay"); /* without it, it stays unexplained */
}

static int mempool_contender_ledger(const struct replay_engine *engine,
                                    struct mempool_ledger *ret) {
    replay_engine_each_mapping(engine, name_mapping);
    ret->struct_size = sizeof(*ret);
    return mempool_ledger(ret);
}

#define REPLAY_PREFIX mempool_contender
#define REPLAY_GET(pool, object_bytes) mempool_get(pool)
#define REPLAY_GET0(pool, object_bytes) mempool_get0(pool)
#define REPLAY_PUT(pool, object) mempool_put(object)
#define REPLAY_MALLOC(site, bytes) own_site_malloc(worker, site, bytes)
#define REPLAY_CALLOC(site, bytes) own_site_calloc(worker, site, bytes)
#define REPLAY_REALLOC(site, block, bytes) mempool_realloc(block, bytes)
#define REPLAY_FREE(site, block) mempool_free(block)
#include "replay/engine_template.h"

const struct replay_contender contender_mempool = {
    .name = "mempool",
    .summary = "our pools and our accounted heap",
    .pool_create = mempool_contender_create,
    .pool_destroy = mempool_contender_destroy,
    .put = mempool_contender_put,
    .site_create = mempool_contender_site,
    .free = mempool_contender_free,
    .run_single = mempool_contender_run_single,
    .run_shared = mempool_contender_run_shared,
    .run_verified = mempool_contender_run_verified,
    .ledger = mempool_contender_ledger,
};

/* ---- malloc ---- */

/* A pool of malloc is no more than the size of its objects. */
static void *malloc_contender_create(size_t object_bytes, size_t count, const char *name) {
    (void)count;
    (void)name;
    return (void *)(uintptr_t)object_bytes;
}

static void malloc_contender_destroy(void *pool) {
    (void)pool;
}

/* malloc knows no sites. */
static void *malloc_contender_site(const char *name) {
    static char nowhere;
    (void)name;
    return &nowhere;
}

#define REPLAY_PREFIX malloc_contender
#define REPLAY_GET(pool, object_bytes) malloc((size_t)(uintptr_t)(pool))
#define REPLAY_GET0(pool, object_bytes) calloc(1, (size_t)(uintptr_t)(pool))
#define REPLAY_PUT(pool, object) free(object)
#define REPLAY_MALLOC(site, bytes) malloc(bytes)
#define REPLAY_CALLOC(site, bytes) calloc(1, bytes)
/* To 0 bytes it would be a free. */
#define REPLAY_REALLOC(site, block, bytes) realloc(block, (bytes) ? (bytes) : 1)
#define REPLAY_FREE(site, block) free(block)
#include "replay/engine_template.h"

const struct replay_contender contender_malloc = {
    .name = "malloc",
    .summary = "malloc, calloc, realloc and free of this process",
    .pool_create = malloc_contender_create,
    .pool_destroy = malloc_contender_destroy,
    .put = malloc_contender_put,
    .site_create = malloc_contender_site,
    .free = malloc_contender_free,
    .run_single = malloc_contender_run_single,
    .run_shared = malloc_contender_run_shared,
    .run_verified = malloc_contender_run_verified,
};

/* ---- classic ---- */

static void *classic_contender_create(size_t object_bytes, size_t count, const char *name) {
    (void)name;
    return classic_pool_create(object_bytes, count);
}

static void classic_contender_destroy(void *pool) {
    classic_pool_destroy(pool);
}

static void *classic_contender_site(const char *name) {
    return classic_site_create(name);
}

#define REPLAY_PREFIX classic_contender
#define REPLAY_GET(pool, object_bytes) classic_get(pool)
#define REPLAY_GET0(pool, object_bytes) classic_get0(pool)
#define REPLAY_PUT(pool, object) classic_put(object)
#define REPLAY_MALLOC(site, bytes) classic_site_malloc(site, bytes)
#define REPLAY_CALLOC(site, bytes) classic_site_calloc(site, bytes)
#define REPLAY_REALLOC(site, block, bytes) classic_realloc(block, bytes)
#define REPLAY_FREE(site, block) classic_free(block)
#include "replay/engine_template.h"

const struct replay_contender contender_classic = {
    .name = "classic",
    .summary = "classic pools and accounting: mutexes, lists, headers beside objects",
    .pool_create = classic_contender_create,
    .pool_destroy = classic_contender_destroy,
    .put = classic_contender_put,
    .site_create = classic_contender_site,
    .free = classic_contender_free,
    .run_single = classic_contender_run_single,
    .run_shared = classic_contender_run_shared,
    .run_verified = classic_contender_run_verified,
};

/* ---- harness ---- */

enum {
    HARNESS_OBJECT_BYTES = PLAN_TOUCH_WORDS_MAX * 8, /* as much as the timed loops write */
};

static char *harness_objects;
static size_t harness_bytes;

static int harness_contender_begin(const struct trace *trace) {
    harness_bytes = ((size_t)trace->n_objects + 1) * HARNESS_OBJECT_BYTES;
    void *mapped =
        mmap(NULL, harness_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) {
        return -ENOMEM;
    }
    harness_objects = mapped;
    return 0;
}

static void harness_contender_end(void) {
    munmap(harness_objects, harness_bytes);
    harness_objects = NULL;
}

static void *harness_contender_create(size_t object_bytes, size_t count, const char *name) {
    (void)object_bytes;
    (void)count;
    (void)name;
    return harness_objects;
}

static void harness_contender_destroy(void *pool) {
    (void)pool;
}

static void *harness_contender_site(const char *name) {
    return harness_contender_create(0, 0, name);
}

/* `event` is the one at hand in the loops of the template. */
#define REPLAY_PREFIX harness_contender
#define REPLAY_GET(pool, object_bytes)                                                             \
    ((void *)((char *)(pool) + (size_t)event->object * HARNESS_OBJECT_BYTES))
#define REPLAY_GET0(pool, object_bytes) REPLAY_GET(pool, object_bytes)
#define REPLAY_PUT(pool, object) (void)(object)
/* A block is a place too, whatever its size; it is not cleared. */
#define REPLAY_MALLOC(site, bytes) ((void)(bytes), REPLAY_GET(site, 0))
#define REPLAY_CALLOC(site, bytes) ((void)(bytes), REPLAY_GET(site, 0))
#define REPLAY_REALLOC(site, block, bytes) ((void)(bytes), (block))
#define REPLAY_FREE(site, block) (void)(block)
#include "replay/engine_template.h"

const struct replay_contender contender_harness = {
    .name = "harness",
    .summary = "nothing: what the replay itself costs",
    .round_begin = harness_contender_begin,
    .round_end = harness_contender_end,
    .pool_create = harness_contender_create,
    .pool_destroy = harness_contender_destroy,
    .put = harness_contender_put,
    .site_create = harness_contender_site,
    .free = harness_contender_free,
    .run_single = harness_contender_run_single,
    .run_shared = harness_contender_run_shared,
};

/* ---- all ---- */

static const struct replay_contender *const all[] = {
    &contender_mempool,
    &contender_malloc,
    &contender_classic,
    &contender_harness,
};

const struct replay_contender *contender_at(size_t number) {
    return number < sizeof(all) / sizeof(all[0]) ? all[number] : NULL;
}

const struct replay_contender *contender_by_name(const char *name) {
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (strcmp(all[i]->name, name) == 0) {
            return all[i];
        }
    }
    return NULL;
}
