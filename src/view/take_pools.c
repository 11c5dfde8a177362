/* SPDX-License-Identifier: MIT */
/* Pools: their places read one after the other; sums over threads' caches come later. */
#include "base/bits.h"
#include "base/sort.h"
#include "view/take.h"

#include <errno.h>
#include <string.h>

bool take_place_of_depot(const struct take *take, uint64_t depot, uint32_t *ret_place) {
    const struct layout *layout = &take->layout;
    uint64_t start = layout_number(layout, NUMBER_pools_start) +
                     layout->fields[FIELD_mempool_depot].offset;
    uint64_t distance = depot - start, bytes = layout_number(layout, NUMBER_pool_bytes);
    if (depot < start || distance % bytes != 0 || distance / bytes >= take->n_places) {
        return false;
    }
    *ret_place = (uint32_t)(distance / bytes);
    return true;
}

/* Counts are of what fits into an address space; sums and products of them do not overflow. */
static uint64_t bounded(uint64_t value) {
    return value <= UINT64_C(1) << 46 ? value : 0;
}

static void read_place(const struct layout *layout, const char *depot, struct take_place *place) {
    const char *shape = layout_inner(layout, depot, FIELD_depot_shape);
    place->slots = (uint32_t)layout_get(layout, shape, FIELD_shape_slots);
    place->chunks = (uint16_t)layout_get(layout, shape, FIELD_shape_chunks);
    place->tagged = (uint32_t)layout_get(layout, shape, FIELD_shape_tagged);
    place->home = layout_get(layout, depot, FIELD_depot_home);
    place->slot_limit = layout_get(layout, depot, FIELD_depot_slot_limit);
    place->duplicates = layout_get(layout, depot, FIELD_depot_duplicates);
    place->component = layout_get(layout, depot, FIELD_depot_component);
    place->gets = layout_get(layout, depot, FIELD_depot_gets);
    place->puts = layout_get(layout, depot, FIELD_depot_puts);
    place->rounds = bounded(layout_get(layout, depot, FIELD_depot_rounds)) +
                    bounded(layout_get(layout, depot, FIELD_depot_parked_rounds));
}

static void read_counters(const struct layout *layout, const char *depot,
                          struct snapshot_pool *pool) {
    pool->is_uncached = layout_get(layout, depot, FIELD_depot_uncached) != 0;
    pool->is_tight = layout_get(layout, depot, FIELD_depot_tight) != 0;
    pool->count = layout_get(layout, depot, FIELD_depot_count);
    pool->slabs = bounded(layout_get(layout, depot, FIELD_depot_n_slabs));
    pool->slots = bounded(layout_get(layout, depot, FIELD_depot_slots));
    pool->max_alloc = layout_get(layout, depot, FIELD_depot_peak);
    pool->refused = layout_get(layout, depot, FIELD_depot_refused);
    pool->misuses = layout_get(layout, depot, FIELD_depot_misuses);
    pool->magazine_rounds = (uint32_t)layout_get(layout, depot, FIELD_depot_target);
}

static void read_pool(struct take *take, const char *bytes, struct snapshot_pool *pool,
                      struct take_place *place) {
    const struct layout *layout = &take->layout;
    const char *depot = layout_inner(layout, bytes, FIELD_mempool_depot);
    const char *shape = layout_inner(layout, depot, FIELD_depot_shape);
    read_place(layout, depot, place);
    read_counters(layout, depot, pool);
    pool->on_empty = (uint32_t)layout_get(layout, bytes, FIELD_mempool_on_empty);
    pool->has_constructor = layout_get(layout, bytes, FIELD_mempool_construct) != 0;
    pool->align = layout_get(layout, bytes, FIELD_mempool_object_align);
    pool->limit = layout_get(layout, bytes, FIELD_mempool_limit);
    pool->serial = layout_get(layout, bytes, FIELD_mempool_serial);
    pool->curr_stdalloc = bounded(layout_get(layout, bytes, FIELD_mempool_heap_live));
    pool->max_stdalloc = layout_get(layout, bytes, FIELD_mempool_heap_peak);
    place->heap_gets = layout_get(layout, bytes, FIELD_mempool_heap_gets);
    place->heap_puts = layout_get(layout, bytes, FIELD_mempool_heap_puts);
    pool->object_bytes = (uint32_t)layout_get(layout, shape, FIELD_shape_object_bytes);
    pool->padded_bytes = layout_get(layout, shape, FIELD_shape_stride);
    uint64_t chunks = place->chunks;
    pool->slab_bytes = pool->slabs * (chunks << layout_number(layout, NUMBER_chunk_shift));
    pool->kind = place->tagged != 0 ? SNAPSHOT_HEAP_CLASS : SNAPSHOT_POOL;
    if (place->state == layout_number(layout, NUMBER_state_zombie)) {
        pool->kind = SNAPSHOT_ZOMBIE;
    }
    const char *name = layout_text(layout, bytes, FIELD_mempool_name, &take->snapshot->memory);
    pool->name = name != NULL ? name : "";
    pool->component = SNAPSHOT_NONE;
}

static bool is_pool(const struct layout *layout, uint64_t state) {
    return state == layout_number(layout, NUMBER_state_alive) ||
           state == layout_number(layout, NUMBER_state_zombie);
}

/* One piece of the area: places from `first` on. */
static int take_piece(struct take *take, uint32_t first, uint32_t n, char *piece) {
    const struct layout *layout = &take->layout;
    size_t pool_bytes = layout_number(layout, NUMBER_pool_bytes);
    uint64_t start = layout_number(layout, NUMBER_pools_start) + first * (uint64_t)pool_bytes;
    int result = take_read(take, start, piece, n * pool_bytes);
    if (result != 0) {
        return take_fail(take, result, "pools");
    }
    for (uint32_t i = 0; i < n; i++) {
        const char *bytes = piece + i * pool_bytes;
        struct take_place *place = &take->places[first + i];
        place->state = layout_get(layout, layout_inner(layout, bytes, FIELD_mempool_depot),
                                  FIELD_depot_state);
        place->pool = SNAPSHOT_NONE;
        if (is_pool(layout, place->state)) {
            struct snapshot_pool *pool = &take->snapshot->pools[take->snapshot->n_pools];
            place->pool = (int32_t)take->snapshot->n_pools++;
            pool->number = first + i;
            pool->address = start + i * (uint64_t)pool_bytes;
            read_pool(take, bytes, pool, place);
        }
    }
    return 0;
}

int take_pools(struct take *take) {
    struct snapshot *snapshot = take->snapshot;
    uint64_t n_places;
    int result = layout_root(&take->layout, ROOT_OF_places, &n_places);
    if (result == 0 && n_places > TAKE_PLACES_MAX) {
        result = -EBADMSG;
    }
    if (result != 0) {
        return take_fail(take, result, "list of pools");
    }
    size_t pool_bytes = layout_number(&take->layout, NUMBER_pool_bytes);
    uint32_t in_piece = (uint32_t)(TAKE_PIECE_BYTES / pool_bytes);
    char *piece = view_take(&take->scratch, TAKE_PIECE_BYTES);
    take->n_places = (uint32_t)n_places;
    take->places = view_take_array(&take->scratch, n_places, sizeof take->places[0]);
    snapshot->pools = view_take_array(&snapshot->memory, n_places, sizeof snapshot->pools[0]);
    if (piece == NULL || take->places == NULL || snapshot->pools == NULL) {
        return take_fail(take, -ENOMEM, NULL);
    }
    for (uint32_t first = 0; first < n_places && result == 0; first += in_piece) {
        uint32_t n = (uint32_t)min_size(in_piece, n_places - first);
        result = take_piece(take, first, n, piece);
    }
    return result;
}

/* As pool/stats.c. */
static void finish_pool(const struct take *take, struct snapshot_pool *pool) {
    const struct take_place *place = &take->places[pool->number];
    pool->depot = place->rounds;
    if (pool->kind == SNAPSHOT_ZOMBIE) {
        uint64_t away = place->home + place->rounds;
        pool->hot = pool->slots > away ? pool->slots - away : 0;
        return;
    }
    uint64_t puts = place->puts - place->duplicates;
    int64_t hot = (int64_t)(place->gets - puts);
    pool->hot = hot > 0 ? (uint64_t)hot : 0;
    pool->hot = pool->hot < pool->slots ? pool->hot : pool->slots;
    uint64_t limit = place->slot_limit < pool->slots ? place->slot_limit : pool->slots;
    pool->cold = limit > pool->hot ? limit - pool->hot : 0;
    /* Hits of the heap are counted by its accounts, not by its classes. */
    bool counts = pool->kind != SNAPSHOT_HEAP_CLASS;
    pool->alloc_count = counts ? place->gets + place->heap_gets : 0;
    pool->put_count = counts ? puts + place->heap_puts : 0;
    pool->max_alloc = pool->max_alloc > pool->hot ? pool->max_alloc : pool->hot;
    pool->pool_misses = place->heap_gets + pool->refused +
                        (pool->max_alloc > pool->count ? pool->max_alloc - pool->count : 0);
    pool->cached = place->cached;
    pool->caches = place->caches;
}

/* The program's own, newest first; then classes, by size; then zombies. */
static int compare_pools(const void *left, const void *right) {
    const struct snapshot_pool *a = left, *b = right;
    if (a->kind != b->kind) {
        return a->kind < b->kind ? -1 : 1;
    }
    if (a->kind == SNAPSHOT_HEAP_CLASS && a->padded_bytes != b->padded_bytes) {
        return a->padded_bytes < b->padded_bytes ? -1 : 1;
    }
    return a->serial != b->serial ? (a->serial > b->serial ? -1 : 1) : 0;
}

int take_finish_pools(struct take *take) {
    struct snapshot *snapshot = take->snapshot;
    for (size_t i = 0; i < snapshot->n_pools; i++) {
        struct snapshot_pool *pool = &snapshot->pools[i];
        uint32_t component;
        uint64_t address = take->places[pool->number].component;
        finish_pool(take, pool);
        if (pool->kind == SNAPSHOT_HEAP_CLASS) {
            continue; /* all components' */
        }
        /* A pool without one is the process's: the first, where there are components. */
        if (address == 0 ? snapshot->n_components > 0
                         : view_index_find(&take->components, address, &component)) {
            pool->component = address == 0 ? 0 : (int32_t)component;
        }
    }
    sort_items(snapshot->pools, snapshot->n_pools, sizeof snapshot->pools[0], compare_pools);
    for (size_t i = 0; i < snapshot->n_pools; i++) {
        take->places[snapshot->pools[i].number].pool = (int32_t)i;
    }
    return 0;
}
