/* SPDX-License-Identifier: MIT */
/* The model's claims about a pool as it stands: counters, walk, descriptions. */
#include "model.h"

#include "check.h"
#include "live_set.h"
#include "pools.h"

/* All slots exist from the start, and there never are more. */
static bool has_fixed_slots(const struct mempool_options *options) {
    return options->on_empty == MEMPOOL_HEAP
           || (options->on_empty == MEMPOOL_FAIL && options->limit == 0);
}

static void check_shape(const struct model_pool *model, const struct mempool_stats *stats) {
    const struct mempool_options *options = &model->options;
    CHECK_EQUAL(stats->object_bytes, options->object_bytes);
    CHECK(stats->padded_bytes >= options->object_bytes);
    CHECK(options->align == 0 || stats->padded_bytes % options->align == 0);
    CHECK_EQUAL(stats->count, options->count);
    CHECK_EQUAL(stats->limit, options->limit);
    CHECK(stats->slab_bytes >= (stats->hot + stats->cold) * stats->padded_bytes);
    CHECK((stats->slabs == 0) == (stats->slab_bytes == 0));
}

/* The most live slots, and what of them `count` did not cover. */
static void check_peak(const struct model_pool *model, const struct mempool_stats *stats) {
    uint64_t n_beyond = stats->max_alloc > stats->count ? stats->max_alloc - stats->count : 0;
    CHECK_EQUAL(stats->pool_misses, n_beyond + model->n_heap_got + stats->refused);
    if (model->n_refused_constructions == 0) {
        check_max_alloc(stats, model->slots_live_max);
    } else { /* a slot counts as taken while its constructor runs, also when that refuses */
        CHECK(stats->max_alloc + 1 >= model->slots_live_max);
        CHECK(stats->max_alloc <= model->slots_live_max + 1);
    }
}

void model_check_stats(const struct model_pool *model) {
    const struct mempool_options *options = &model->options;
    struct mempool_stats stats = pool_stats(model->pool);
    check_shape(model, &stats);
    CHECK_EQUAL(stats.hot, model->n_live - model->n_heap_live);
    CHECK_EQUAL(stats.curr_stdalloc, model->n_heap_live);
    CHECK_EQUAL(stats.max_stdalloc, model->heap_live_max);
    CHECK_EQUAL(stats.alloc_count, model->n_got);
    CHECK_EQUAL(stats.put_count, model->n_put);
    check_peak(model, &stats);
    CHECK(stats.refused >= model->n_refused_min && stats.refused <= model->n_refused_max);
    CHECK(stats.hot + stats.cold >= options->count);
    CHECK(stats.cached + stats.depot <= stats.cold);
    if (has_fixed_slots(options)) {
        CHECK_EQUAL(stats.hot + stats.cold, options->count);
    }
    if ((options->flags & MEMPOOL_UNCACHED) != 0) {
        CHECK_EQUAL(stats.cached, 0);
    }
}

void model_check_walk(const struct model_pool *model) {
    static void *addresses[MODEL_LIVE_MAX];
    for (size_t i = 0; i < model->n_live; i++) {
        addresses[i] = model->live[i].address;
    }
    live_set_check(model->pool, addresses, model->n_live, model->options.object_bytes);
}

void model_check_describe(const struct model_pool *model, struct rng *rng) {
    if (model->n_live == 0) {
        return;
    }
    const struct model_object *object = &model->live[rng_below(rng, model->n_live)];
    /* Of heap objects only the start is known. */
    bool at_start = object->is_heap || rng_chance(rng, 30);
    size_t offset = at_start ? 0 : rng_below(rng, model->options.object_bytes);
    struct mempool_description description = address_description(object->address + offset);
    CHECK(description.state == MEMPOOL_STATE_LIVE);
    CHECK(description.object == object->address);
    CHECK_EQUAL(description.offset, offset);
    CHECK_EQUAL(description.object_bytes, model->options.object_bytes);
    CHECK_EQUAL(description.heap, object->is_heap);
    CHECK_EQUAL(description.pool_destroyed, model->is_destroyed);
    CHECK(model->is_destroyed || description.pool == model->pool);
    CHECK(description.site != 0 && description.thread != 0 && description.thread_exited == 0);
    CHECK(offset == 0 || mempool_of(object->address + offset) == NULL);
}
