/* SPDX-License-Identifier: MIT */
/* mempool_create. */
#include "base/attributes.h"
#include "base/bits.h"
#include "base/text.h"
#include "cache/thread.h"
#include "pool/hold.h"
#include "pool/recorder.h"
#include "pool/registry.h"
#include "pool/runtime.h"
#include "pool/sampled.h"
#include "sys/probes.h"

#include <errno.h>
#include <string.h>

/* The first version's size: what every caller sends at least. */
#define OPTIONS_BYTES_MIN offsetof(struct mempool_options, reserved)

/* The caller's options, whatever version it was compiled for: missing fields are zero, and fields
 * that we do not know must be. 0 or -EINVAL. */
static int read_options(const struct mempool_options *from, struct mempool_options *ret) {
    if (from == NULL || from->struct_size < OPTIONS_BYTES_MIN) {
        return -EINVAL;
    }
    const unsigned char *bytes = (const unsigned char *)from;
    size_t known = min_size(from->struct_size, sizeof *ret);
    if (from->struct_size > sizeof *ret + MEMPOOL_CACHE_LINE * 4) {
        return -EINVAL; /* not a size that a later version would have: not initialised */
    }
    for (size_t at = known; at < from->struct_size; at++) {
        if (bytes[at] != 0) {
            return -EINVAL;
        }
    }
    memset(ret, 0, sizeof *ret);
    memcpy(ret, from, known);
    return 0;
}

static int check_options(struct mempool_options *options) {
    size_t bytes;
    if (options->align == 0) {
        options->align = SLOT_ALIGN_MIN;
    }
    if (options->object_bytes == 0 || options->object_bytes > MEMPOOL_OBJECT_BYTES_MAX ||
        !is_power_of_two(options->align) || options->align > MEMPOOL_ALIGN_MAX ||
        (options->limit != 0 && options->limit < options->count) ||
        (unsigned)options->on_empty > MEMPOOL_HEAP || options->reserved != 0 ||
        (options->flags & ~MEMPOOL_UNCACHED) != 0) {
        return -EINVAL;
    }
    if (options->on_empty == MEMPOOL_FAIL && options->limit == 0 && options->count == 0) {
        return -EINVAL;
    }
    size_t stride = round_up(options->object_bytes, max_size(options->align, SLOT_ALIGN_MIN));
    if (!multiply_checked(stride, options->count, &bytes) || bytes > SIZE_MAX / 2) {
        return -EINVAL;
    }
    return 0;
}

const char *(*pool_component_name)(const struct mempool_component *component);
struct mempool_component *(*pool_component_charged)(struct mempool_component *component);

/* The calling thread's; NULL: the process's. */
static struct mempool_component *current_component(void) {
    struct mempool_component *component = load_relaxed(&thread_current->component);
    return component != NULL && pool_component_charged != NULL ? pool_component_charged(component)
                                                               : component;
}
void (*pool_soft_limits)(void);
_Atomic uint32_t pool_soft_due;

static void make_name(struct mempool *pool, const struct mempool_options *options) {
    struct text text;
    text_init(&text, pool->name, sizeof pool->name);
    if (options->component != NULL) {
        text_add(&text, options->component);
    } else {
        text_add(&text, pool_component_name != NULL ? pool_component_name(pool->depot.component)
                                                    : sys_program_name());
    }
    text_add(&text, ":");
    text_add(&text, options->name != NULL ? options->name : "unnamed");
    /* A name is one line in a statedump and one word in a report. */
    for (size_t i = 0; i < text.length; i++) {
        if ((unsigned char)pool->name[i] < ' ' || pool->name[i] == '\x7f') {
            pool->name[i] = '?';
        }
    }
}

static void fill_pool(struct mempool *pool, const struct mempool_options *options,
                      uint32_t heap_offset) {
    struct shape shape;
    struct depot *depot = &pool->depot;
    uint32_t number = depot->number;
    shape_init(&shape, options->object_bytes, options->align,
               heap_offset != 0 ? SHAPE_TAGGED : SHAPE_PLAIN);
    depot_init(depot, &shape, number);
    if (heap_offset != 0) {
        depot->cache_offset = heap_offset;
        depot->uncached = heap_offset == CACHE_OFFSET_NONE;
        if (depot->rounds_max <= 1) {
            depot->rounds_bound = 0; /* straight home */
        }
    }
    depot->component = current_component();
    depot->pool = pool;
    depot->name = pool->name;
    depot->count = options->count;
    depot->raw = options->construct != NULL || options->destruct != NULL;
    if (options->on_empty == MEMPOOL_HEAP) {
        depot->slot_limit = options->count;
    } else if (options->limit != 0) {
        depot->slot_limit = options->limit;
    } else if (options->on_empty == MEMPOOL_FAIL) {
        depot->slot_limit = options->count;
    }
    bool limited = depot->slot_limit != SIZE_MAX;
    depot->uncached = depot->uncached || (options->flags & MEMPOOL_UNCACHED) != 0 ||
                      depot->rounds_max == 0 || (limited && !sys_barrier_available());
    depot->held = load_relaxed(&pool_held) != 0;
    depot->tight = depot->uncached || depot->held;
    pool->on_empty = (uint32_t)options->on_empty;
    pool->limit = options->limit;
    pool->object_align = options->align;
    pool->construct = options->construct;
    pool->destruct = options->destruct;
    pool->arg = options->arg;
    store_relaxed(&pool->heap_live, 0);
    store_relaxed(&pool->heap_peak, 0);
    store_relaxed(&pool->heap_gets, 0);
    store_relaxed(&pool->heap_puts, 0);
    store_relaxed(&pool->retiring, 0);
    make_name(pool, options);
}

/* Slabs of a pool that could not be made whole. */
static void drop_slabs(struct depot *depot) {
    struct slab *slab;
    depot->count = 0;
    slab_drop_span(&depot->span);
    while ((slab = depot_detach_empty(depot, UINT32_MAX)) != NULL) {
        depot_uncharge_slab(depot, slab);
        (void)slab_retire(slab, &depot->shape, SIZE_MAX, depot->number);
    }
}

/* `heap_offset`: of a size class of the heap; 0: a pool of the program's. */
static int create_locked(const struct mempool_options *options, uint32_t heap_offset,
                         struct mempool **ret_pool) {
    int result = runtime_init();
    if (result != 0) {
        return result;
    }
    struct mempool *pool = registry_take();
    if (pool == NULL) {
        return -ENOMEM;
    }
    sys_lock_take(&pool->depot.lock);
    fill_pool(pool, options, heap_offset);
    result = depot_reserve(&pool->depot);
    if (result == 0) {
        registry_list(pool);
        store_relaxed(&pool->depot.state, DEPOT_ALIVE);
    } else {
        drop_slabs(&pool->depot);
    }
    sys_lock_drop(&pool->depot.lock);
    if (result != 0) {
        registry_give(pool);
        return result;
    }
    pool_set_cache_offset(pool, pool->depot.uncached ? CACHE_OFFSET_NONE
                                                     : pool->depot.cache_offset);
    recorder_created(pool);
    *ret_pool = pool;
    return 0;
}

MEMPOOL_API struct mempool *mempool_create(const struct mempool_options *given) {
    struct mempool_options options;
    struct sys_signals before;
    struct mempool *pool = NULL;
    int result = read_options(given, &options);
    if (result == 0) {
        result = check_options(&options);
    }
    if (result == 0) {
        sys_signals_block(&before);
        sys_lock_take(&registry_lock);
        result = create_locked(&options, 0, &pool);
        sys_lock_drop(&registry_lock);
        sys_signals_restore(&before);
        pool_sample_prepare();
    }
    if (result != 0) {
        errno = -result;
        return pool;
    }
    runtime_call_first();
    PROBE3(mempool, pool_create, pool, options.object_bytes, pool->name);
    return pool;
}

struct mempool *pool_create_heap_class(size_t bytes, uint32_t cache_offset) {
    struct mempool_options options = {.struct_size = sizeof options,
                                      .component = "heap",
                                      .object_bytes = bytes,
                                      .align = SLOT_ALIGN_MIN};
    char name[MEMPOOL_NAME_BYTES] = "";
    struct text text;
    struct sys_signals before;
    struct mempool *pool = NULL;
    text_init(&text, name, sizeof name);
    text_add_unsigned(&text, bytes);
    options.name = name;
    sys_signals_block(&before);
    sys_lock_take(&registry_lock);
    (void)create_locked(&options, cache_offset, &pool);
    sys_lock_drop(&registry_lock);
    sys_signals_restore(&before);
    return pool;
}

MEMPOOL_API struct mempool *mempool_create_typed(size_t object_bytes, size_t align,
                                                 const char *type_name, size_t count) {
    struct mempool_options options = {
        .struct_size = sizeof options,
        .name = type_name,
        .object_bytes = object_bytes,
        .align = align,
        .count = count,
    };
    return mempool_create(&options);
}

MEMPOOL_API const char *mempool_version(void) {
    return MEMPOOL_VERSION;
}
