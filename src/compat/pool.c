/* SPDX-License-Identifier: MIT */
/* Classic pools: those of MEMPOOL_HEAP, whose counters are the classic's, and a struct for each. */
#include "compat/pool.h"

#include "account/heap.h"
#include "base/text.h"
#include "cache/hit.h"
#include "compat/log.h"
#include "compat/misuse.h"
#include "compat/translator.h"
#include "pool/destroy.h"
#include "sys/probes.h"
#include "sys/sys.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define DOMAIN "mem-pool"

static struct list pools = {&pools, &pools}; /* compat_lock */
static uint64_t last_serial;                 /* likewise */
static _Atomic unsigned users;

static struct classic_pool *classic_of_link(struct list *link) {
    return list_entry(link, struct classic_pool, link);
}

/* ---- the struct's counters ------------------------------------------------------------------- */

static int as_int(uint64_t value) {
    return value < INT_MAX ? (int)value : INT_MAX;
}

/* compat_lock is held, so that the pool is not destroyed. */
static void refresh(struct mem_pool *pool, struct mempool_stats *stats) {
    stats->struct_size = sizeof *stats;
    if (mempool_stats(pool->pool, stats) != 0) {
        return; /* destroyed behind our back, by mempool_destroy: the last that is known */
    }
    pool->hot_count = as_int(stats->hot);
    pool->cold_count = as_int(stats->cold);
    pool->alloc_count = stats->alloc_count;
    pool->pool_misses = stats->pool_misses;
    pool->max_alloc = as_int(stats->max_alloc);
    pool->curr_stdalloc = as_int(stats->curr_stdalloc);
    pool->max_stdalloc = as_int(stats->max_stdalloc);
}

/* compat_lock is held; NULL: no such pool. */
static struct classic_pool *find(const struct mem_pool *pool) {
    for (struct list *at = pools.next; at != &pools; at = at->next) {
        if (&classic_of_link(at)->shown == pool) {
            return classic_of_link(at);
        }
    }
    return NULL;
}

bool classic_pool_next(const glusterfs_ctx_t *ctx, uint64_t *serial, struct classic_view *ret) {
    struct sys_signals before;
    struct classic_pool *pool = NULL;
    compat_lock_take(&before);
    for (struct list *at = pools.next; at != &pools && pool == NULL; at = at->next) {
        struct classic_pool *here = classic_of_link(at);
        if (here->serial < *serial && (ctx == NULL || here->ctx == ctx)) {
            pool = here;
        }
    }
    if (pool != NULL) {
        *serial = pool->serial;
        memset(ret, 0, sizeof *ret);
        refresh(&pool->shown, &ret->stats);
        memcpy(ret->name, pool->shown.name, strnlen(pool->shown.name, sizeof ret->name - 1));
    }
    compat_lock_drop(&before);
    return pool != NULL;
}

const struct mem_pool *classic_pool_of(const struct mempool *pool) {
    struct sys_signals before;
    const struct mem_pool *found = NULL;
    compat_lock_take(&before);
    for (struct list *at = pools.next; at != &pools && found == NULL; at = at->next) {
        const struct mem_pool *here = &classic_of_link(at)->shown;
        found = here->pool == pool ? here : NULL;
    }
    compat_lock_drop(&before);
    return found;
}

MEMPOOL_API void mempool_gf_pool_refresh(struct mem_pool *pool) {
    struct sys_signals before;
    struct mempool_stats stats;
    compat_lock_take(&before);
    for (struct list *at = pools.next; at != &pools; at = at->next) {
        if (pool == NULL || &classic_of_link(at)->shown == pool) {
            refresh(&classic_of_link(at)->shown, &stats);
        }
    }
    compat_lock_drop(&before);
}

/* ---- creating -------------------------------------------------------------------------------- */

/* Newest first; who walks the list without a lock meets it whole. compat_lock is held. */
static void list_in_context(struct mem_pool *pool, glusterfs_ctx_t *ctx) {
    struct list_head *head = &ctx->mempool_list;
    if (head->next == NULL) {
        head->next = head->prev = head; /* zero-filled */
    }
    pool->global_list.next = head->next;
    pool->global_list.prev = head;
    head->next->prev = &pool->global_list;
    /* for programs' walks, which take no lock */
    __atomic_store_n(&head->next, &pool->global_list, __ATOMIC_RELEASE);
}

static void make_known(struct classic_pool *pool, glusterfs_ctx_t *ctx) {
    struct sys_signals before;
    struct mempool_stats stats;
    refresh(&pool->shown, &stats);
    pool->shown.padded_sizeof_type = stats.padded_bytes;
    pool->shown.real_sizeof_type = as_int(stats.object_bytes);
    pool->shown.list.next = pool->shown.list.prev = &pool->shown.list;
    pool->shown.global_list.next = pool->shown.global_list.prev = &pool->shown.global_list;
    pool->ctx = ctx;
    compat_lock_take(&before);
    pool->serial = ++last_serial;
    list_push(&pools, &pool->link);
    if (ctx != NULL) {
        list_in_context(&pool->shown, ctx);
    }
    compat_lock_drop(&before);
}

/* NULL with errno. */
static struct mem_pool *make(const struct mempool_options *options, xlator_t *translator,
                             uintptr_t site) {
    struct mempool_type *type = MEMPOOL_TYPE("gf_common_mt_mem_pool");
    size_t name_bytes = strlen(options->component) + 1 + strlen(options->name) + 1;
    struct classic_pool *pool = heap_calloc(1, sizeof *pool, type, site);
    char *name = heap_malloc(name_bytes, MEMPOOL_TYPE("gf_common_mt_asprintf"), site);
    struct mempool *made = pool != NULL && name != NULL ? mempool_create(options) : NULL;
    if (made == NULL) {
        int why = errno;
        heap_free(name, site);
        heap_free(pool, site);
        errno = why;
        return NULL;
    }
    struct text text;
    text_init(&text, name, name_bytes);
    text_add(&text, options->component);
    text_add(&text, ":");
    text_add(&text, options->name);
    pool->shown.name = name;
    pool->shown.pool = made;
    make_known(pool, translator->ctx);
    return &pool->shown;
}

MEMPOOL_API struct mem_pool *mempool_gf_pool_new(size_t object_bytes, size_t align, size_t count,
                                                 const char *name) {
    uintptr_t site = MEMPOOL_SITE();
    int saved_errno = errno;
    struct mem_pool *pool = NULL;
    xlator_t *translator = THIS;
    struct mempool_options options = {
        .struct_size = sizeof options,
        .name = name != NULL ? name : "unnamed",
        .component = translator_name(translator),
        .object_bytes = object_bytes,
        .align = align,
        .count = count,
        .on_empty = MEMPOOL_HEAP,
    };
    errno = EINVAL;
    if (count > 0) {
        translator_follow_this(); /* whose slabs they are */
        int result = compat_init();
        errno = result != 0 ? ENOMEM : 0;
        pool = result == 0 ? make(&options, translator, site) : NULL;
    }
    if (pool != NULL) {
        errno = saved_errno;
    } else if (errno == EINVAL) {
        log_text(LOG_ORIGIN(DOMAIN, "mem_pool_new_fn", site), GF_LOG_ERROR, "invalid argument");
    } else {
        log_no_memory("mem_pool_new_fn", object_bytes, site);
    }
    return pool;
}

/* ---- get and put ----------------------------------------------------------------------------- */

MEMPOOL_COLD static void *refuse_null(const char *function, uintptr_t site) {
    log_text(LOG_ORIGIN(DOMAIN, function, site), GF_LOG_ERROR, "invalid argument");
    errno = EINVAL;
    return NULL;
}

/* What is got past the thread's cache is zeroed: it may be from malloc, or a slot's first use. */
MEMPOOL_NOINLINE static void *get_slow(struct mem_pool *pool, const char *function,
                                       uintptr_t site) {
    report_listener before = misuse_log_begin(misuse_log);
    void *object = pool_get_slow(pool->pool, site, GET_ZEROED);
    misuse_log_end(before);
    if (object == NULL && errno == ENOMEM) {
        log_no_memory(function, (size_t)pool->real_sizeof_type, site);
    } else if (object != NULL && !space_covers(space_offset(object)) && log_wants(GF_LOG_DEBUG)) {
        log_text(LOG_ORIGIN(DOMAIN, function, site), GF_LOG_DEBUG,
                 "Mem pool is full. Callocing mem");
    }
    return object;
}

MEMPOOL_API void *mempool_gf_mem_get(struct mem_pool *pool) {
    uintptr_t site = MEMPOOL_SITE();
    uint64_t before;
    if (MEMPOOL_UNLIKELY(pool == NULL)) {
        return refuse_null("mem_get", site);
    }
    void *object = cache_get_hit(pool_cache_offset(pool->pool), site, &before);
    if (MEMPOOL_UNLIKELY(object == NULL)) {
        return get_slow(pool, "mem_get", site);
    }
    PROBE_GET(pool->pool, object);
    if (MEMPOOL_UNLIKELY(!record_has_history(before)) && !slot_is_fresh(before)) {
        memset(object, 0, (size_t)pool->real_sizeof_type);
    }
    return object;
}

MEMPOOL_API void *mempool_gf_mem_get0(struct mem_pool *pool) {
    uintptr_t site = MEMPOOL_SITE();
    uint64_t before;
    if (MEMPOOL_UNLIKELY(pool == NULL)) {
        return refuse_null("mem_get0", site);
    }
    void *object = cache_get_hit(pool_cache_offset(pool->pool), site, &before);
    if (MEMPOOL_UNLIKELY(object == NULL)) {
        return get_slow(pool, "mem_get0", site);
    }
    PROBE_GET(pool->pool, object);
    return slot_is_fresh(before) ? object : memset(object, 0, (size_t)pool->real_sizeof_type);
}

MEMPOOL_NOINLINE static void put_slow(void *object, uintptr_t site) {
    int saved_errno = errno;
    if (object == NULL) {
        (void)refuse_null("mem_put", site);
    } else {
        report_listener before = misuse_log_begin(misuse_log_put);
        (void)pool_put_slow(object, site, false);
        misuse_log_end(before);
    }
    errno = saved_errno;
}

MEMPOOL_API void mempool_gf_mem_put(void *object) {
    uintptr_t site = MEMPOOL_SITE();
    if (MEMPOOL_UNLIKELY(!cache_put_hit(object, site))) {
        put_slow(object, site);
        return;
    }
    PROBE_PUT(object);
}

/* ---- destroying ------------------------------------------------------------------------------ */

/* Take it out of the lists, its counters up to date; false: it is none of ours. */
static bool make_unknown(struct mem_pool *pool) {
    struct sys_signals before;
    struct mempool_stats stats;
    compat_lock_take(&before);
    struct classic_pool *found = find(pool);
    if (found != NULL) {
        refresh(pool, &stats);
        list_remove(&found->link);
        pool->global_list.prev->next = pool->global_list.next;
        pool->global_list.next->prev = pool->global_list.prev;
    }
    compat_lock_drop(&before);
    return found != NULL;
}

static void log_end(const struct mem_pool *pool, uintptr_t site) {
    char buffer[96];
    struct text text;
    struct log_origin origin = *LOG_ORIGIN(translator_name(THIS), "mem_pool_destroy", site);
    origin.site = 0; /* the classic tells no callers here */
    text_init(&text, buffer, sizeof buffer);
    text_add(&text, "size=");
    text_add_unsigned(&text, pool->padded_sizeof_type);
    text_add(&text, " max=");
    text_add_signed(&text, pool->max_alloc);
    text_add(&text, " total=");
    text_add_unsigned(&text, pool->alloc_count);
    log_text(&origin, GF_LOG_INFO, buffer);
}

MEMPOOL_API void mempool_gf_mem_pool_destroy(struct mem_pool *pool) {
    uintptr_t site = MEMPOOL_SITE();
    int saved_errno = errno;
    if (pool == NULL) {
        return;
    }
    report_listener before = misuse_log_begin(misuse_log);
    if (make_unknown(pool)) {
        log_end(pool, site);
        (void)pool_destroy(pool->pool, site);
        heap_free(pool->name, site);
        heap_free(pool, site);
    } else {
        bool was_one = space_covers(space_offset(pool));
        struct report report = {
            .kind = was_one ? MEMPOOL_MISUSE_DEAD_POOL_DESTROY : MEMPOOL_MISUSE_NOT_A_POOL,
            .address = pool,
            .site = site,
        };
        report_misuse(&report);
    }
    misuse_log_end(before);
    errno = saved_errno;
}

/* ---- counted, and nothing else --------------------------------------------------------------- */

MEMPOOL_API void mempool_gf_mem_pools_init(void) {
    (void)add_relaxed(&users, 1u);
}

MEMPOOL_API void mempool_gf_mem_pools_fini(void) {
    unsigned before = load_relaxed(&users);
    while (before > 0 && !swap_if_relaxed(&users, &before, before - 1)) {
    }
}

MEMPOOL_API unsigned mempool_gf_mem_pools_users(void) {
    return load_relaxed(&users);
}
