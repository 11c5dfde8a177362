/* SPDX-License-Identifier: MIT */
/* mem_pool_new_fn, mem_get, mem_get0, mem_put, mem_pool_destroy. */
#include "pools.h"

#include "original.h"
#include "sweeper.h"
#include "translator.h"

#include "cache/hit.h"
#include "cache/park.h"
#include "cache/seat.h"
#include "pool/destroy.h"
#include "pool/pool.h"
#include "slab/slab.h"
#include "sys/probes.h"

#include <mempool/mempool.h>

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* struct mem_pool_shared, and what is ours behind it. */
struct replaced {
    _Alignas(MEMPOOL_CACHE_LINE) uint32_t power_of_two;
    uint32_t reserved;
    struct glusterfs_pool *_Atomic owner; /* NULL: destroyed */
    struct mempool *pool;
    /* what a hit needs of it, in the same cache line */
    uintptr_t cache_offset;
    size_t object_bytes;
    void *shared;          /* what the original led to */
    struct replaced *next; /* destroyed ones */
};
_Static_assert(sizeof(struct replaced) == MEMPOOL_CACHE_LINE, "a hit reads one line");

/* struct mem_pool. */
struct glusterfs_pool {
    unsigned long object_bytes;
    unsigned long count;
    char *name;
    char *translator_name;
    _Atomic int64_t active;
    void *links[2]; /* in the context's list */
    void *context;
    struct replaced *shared;
};
_Static_assert(sizeof(struct glusterfs_pool) == 72, "as large as GlusterFS's");

enum { POWER_MIN = 7, POWER_MAX = 20 };

/* As many as the library can have at once; what is not used is not resident. */
static struct replaced replaced[POOLS_MAX];
/* glusterfs_lock */
static uint32_t n_replaced;
static struct replaced *destroyed;

static _Atomic uint64_t foreign_puts;

uint64_t pools_foreign_puts(void) {
    return load_relaxed(&foreign_puts);
}

MEMPOOL_HOT_INLINE bool is_ours(const struct replaced *it) {
    return (uintptr_t)it - (uintptr_t)replaced < sizeof replaced;
}

/* ---- making, ending -------------------------------------------------------------------------- */

static struct replaced *take_place(void) {
    struct replaced *place = destroyed;
    if (place != NULL) {
        destroyed = place->next;
    } else if (n_replaced < POOLS_MAX) {
        place = &replaced[n_replaced++];
    }
    return place;
}

/* Is the struct as we know it? A release that differs would be found here. */
static bool is_as_known(const struct glusterfs_pool *pool, const void *context,
                        unsigned long object_bytes) {
    return pool->object_bytes == object_bytes && pool->context == context &&
           pool->shared != NULL && pool->shared->power_of_two >= POWER_MIN &&
           pool->shared->power_of_two <= POWER_MAX;
}

static struct mempool *make_pool(const struct glusterfs_pool *pool, const char *name) {
    struct mempool_options options = {
        .struct_size = sizeof options, .name = name, .object_bytes = pool->object_bytes};
    struct mempool_component *before = mempool_component_enter(NULL);
    translator_enter();
    struct mempool *made = mempool_create(&options);
    mempool_component_leave(before);
    return made;
}

/* Lead it to ours; false: no memory. */
static bool replace(struct glusterfs_pool *pool, const char *name) {
    struct mempool *made = make_pool(pool, name);
    pthread_mutex_lock(&glusterfs_lock);
    struct replaced *place = made != NULL ? take_place() : NULL;
    if (place != NULL) {
        place->power_of_two = pool->shared->power_of_two;
        place->pool = made;
        place->cache_offset = pool_cache_offset(made);
        place->object_bytes = pool->object_bytes;
        place->shared = pool->shared;
        pool->shared = place;
        store_relaxed(&place->owner, pool);
    }
    pthread_mutex_unlock(&glusterfs_lock);
    if (place == NULL && made != NULL) {
        (void)mempool_destroy(made);
    }
    return place != NULL;
}

GLUSTERFS_API struct glusterfs_pool *mem_pool_new_fn(void *context, unsigned long object_bytes,
                                                     unsigned long count, char *name);
GLUSTERFS_API struct glusterfs_pool *mem_pool_new_fn(void *context, unsigned long object_bytes,
                                                     unsigned long count, char *name) {
    bool engaged = original_engaged();
    struct glusterfs_pool *pool = original.pool_new(context, object_bytes, count, name);
    if (!engaged || pool == NULL) {
        return pool;
    }
    if (!is_as_known(pool, context, object_bytes)) {
        original_say("a pool's struct is not as known: %s stays GlusterFS's own", name);
        return pool;
    }
    if (!replace(pool, name)) {
        original.pool_destroy(pool);
        errno = ENOMEM;
        return NULL;
    }
    return pool;
}

GLUSTERFS_API void mem_pool_destroy(struct glusterfs_pool *pool);
GLUSTERFS_API void mem_pool_destroy(struct glusterfs_pool *pool) {
    uintptr_t site = MEMPOOL_SITE();
    struct mempool *ours = NULL;
    if (original_engaged() && pool != NULL) {
        pthread_mutex_lock(&glusterfs_lock);
        struct replaced *place = pool->shared;
        if (is_ours(place) && load_relaxed(&place->owner) == pool) {
            ours = place->pool;
            pool->shared = place->shared;
            store_relaxed(&place->owner, NULL);
            place->next = destroyed;
            destroyed = place;
        }
        pthread_mutex_unlock(&glusterfs_lock);
    }
    original.pool_destroy(pool);
    if (ours != NULL) {
        (void)pool_destroy(ours, site);
    }
}

/* ---- get ------------------------------------------------------------------------------------- */

/* No pool of ours that is alive; NULL: it is to be the original's. A pool that was destroyed is
 * reported by the get from ours that was behind it. */
MEMPOOL_COLD static struct mempool *find_other(const struct glusterfs_pool *pool) {
    const struct replaced *place = pool != NULL ? pool->shared : NULL;
    return original_engaged() && is_ours(place) ? place->pool : NULL;
}

/* What a pool leads to, if it is alive. */
MEMPOOL_HOT_INLINE const struct replaced *place_behind(const struct glusterfs_pool *pool) {
    if (MEMPOOL_UNLIKELY(pool == NULL)) {
        return NULL;
    }
    const struct replaced *place = pool->shared;
    return MEMPOOL_LIKELY(is_ours(place)) && MEMPOOL_LIKELY(load_relaxed(&place->owner) == pool)
               ? place
               : NULL;
}

/* A seated thread's hit, without a look at the pool itself, which would be one line more. */
static void *get_seated(const struct replaced *place, uintptr_t site, size_t zero_bytes) {
    uint64_t before;
    void *object = seat_get(place->cache_offset, site, &before);
    if (MEMPOOL_UNLIKELY(object == NULL)) {
        return NULL;
    }
    PROBE_GET(place->pool, object);
    return zero_bytes == 0 || slot_is_fresh(before) ? object
                                                    : memset(object, 0, place->object_bytes);
}

/* `zero_bytes`: 0, or GET_ZEROED. */
MEMPOOL_NOINLINE static void *get_slow(struct glusterfs_pool *pool, uintptr_t site,
                                       size_t zero_bytes) {
    const struct replaced *place = place_behind(pool);
    void *object = thread_seated && place != NULL ? get_seated(place, site, zero_bytes) : NULL;
    if (MEMPOOL_LIKELY(object != NULL)) {
        return object;
    }
    struct mempool *ours = place != NULL ? place->pool : find_other(pool);
    if (ours != NULL) {
        return pool_get_slow(ours, site, zero_bytes);
    }
    return zero_bytes == 0 ? original.get(pool) : original.get0(pool);
}

/* A hit, or NULL. *ret_place: what leads to ours, or NULL; *ret_before: the record, before. */
MEMPOOL_HOT_INLINE void *get_hit(const struct glusterfs_pool *pool, uintptr_t site,
                                 const struct replaced **ret_place, uint64_t *ret_before) {
    const struct replaced *place = *ret_place = place_behind(pool);
    return MEMPOOL_LIKELY(place != NULL) ? cache_get_hit(place->cache_offset, site, ret_before)
                                         : NULL;
}

/* A pool that is destroyed while others get from it is misuse; what they get then is from its
 * cache still, or from the next pool of that number. */
GLUSTERFS_API void *mem_get_malloc(struct glusterfs_pool *pool);
GLUSTERFS_API void *mem_get_malloc(struct glusterfs_pool *pool) {
    uintptr_t site = MEMPOOL_SITE();
    const struct replaced *place;
    uint64_t before;
    void *object = get_hit(pool, site, &place, &before);
    if (MEMPOOL_UNLIKELY(object == NULL)) {
        return get_slow(pool, site, 0);
    }
    PROBE_GET(place->pool, object);
    return object;
}

GLUSTERFS_API void *mem_get_calloc(struct glusterfs_pool *pool);
GLUSTERFS_API void *mem_get_calloc(struct glusterfs_pool *pool) {
    uintptr_t site = MEMPOOL_SITE();
    const struct replaced *place;
    uint64_t before;
    void *object = get_hit(pool, site, &place, &before);
    if (MEMPOOL_UNLIKELY(object == NULL)) {
        return get_slow(pool, site, GET_ZEROED);
    }
    PROBE_GET(place->pool, object);
    return slot_is_fresh(before) ? object : memset(object, 0, place->object_bytes);
}

/* ---- put ------------------------------------------------------------------------------------- */

/* A live block of the heap: somebody's frame->local. */
static bool is_block(const void *object) {
    struct descriptor *descriptor;
    record *slot_record;
    return slot_find(object, &descriptor, &slot_record) == SLOT_FOUND &&
           record_is_live(load_relaxed(slot_record)) &&
           (int32_t)load_relaxed(&descriptor->cache_offset) < 0;
}

MEMPOOL_NOINLINE static void put_slow(void *object, uintptr_t site) {
    if (park_put(object, site, false)) {
        PROBE_PUT(object);
        return; /* another thread got it */
    }
    if (!original_engaged() || object == NULL) {
        original.put(object);
    } else if (!space_covers(space_offset(object)) || is_block(object)) {
        add_relaxed(&foreign_puts, 1);
    } else {
        (void)pool_put_slow(object, site, false);
    }
}

GLUSTERFS_API void mem_put_pool(void *object);
GLUSTERFS_API void mem_put_pool(void *object) {
    uintptr_t site = MEMPOOL_SITE();
    if (MEMPOOL_UNLIKELY(!cache_put_hit(object, site))) {
        put_slow(object, site);
        return;
    }
    PROBE_PUT(object);
}

/* ---- the sweeper ----------------------------------------------------------------------------- */

GLUSTERFS_API void mem_pools_init(void);
GLUSTERFS_API void mem_pools_init(void) {
    if (original_engaged()) {
        sweeper_init();
    } else {
        original.pools_init();
    }
}

GLUSTERFS_API void mem_pools_fini(void);
GLUSTERFS_API void mem_pools_fini(void) {
    if (original_engaged()) {
        sweeper_fini();
    } else {
        original.pools_fini();
    }
}

void pools_sync(void) {
    struct mempool_stats stats = {.struct_size = sizeof stats};
    pthread_mutex_lock(&glusterfs_lock);
    for (uint32_t i = 0; i < n_replaced; i++) {
        struct glusterfs_pool *owner = load_relaxed(&replaced[i].owner);
        if (owner != NULL && mempool_stats(replaced[i].pool, &stats) == 0) {
            store_relaxed(&owner->active, (int64_t)stats.hot);
        }
    }
    pthread_mutex_unlock(&glusterfs_lock);
}
