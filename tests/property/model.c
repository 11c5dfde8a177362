/* SPDX-License-Identifier: MIT */
/* The model's operations: do, compare, note. */
#include "model.h"

#include "check.h"
#include "pattern.h"
#include "pools.h"

#include <mempool/misuse.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BULK_MAX = 200, ERRNO_BEFORE = 4711, LIVE_BYTES_MAX = 24 << 20 };

/* ---- constructors ------------------------------------------------------------------------- */

static uint64_t mark_of(const void *object) {
    return (uintptr_t)object * 0x9e3779b97f4a7c15u;
}

static int construct(void *object, void *argument) {
    struct model_pool *model = argument;
    if (rng_chance(&model->rng, 5)) {
        model->n_refused_constructions++;
        errno = EPROTO;
        return 1;
    }
    uint64_t mark = mark_of(object);
    memcpy(object, &mark, sizeof mark);
    model->n_constructed++;
    return 0;
}

static bool is_constructed(const void *object) {
    uint64_t mark = mark_of(object);
    return memcmp(object, &mark, sizeof mark) == 0;
}

static void destruct(void *object, void *argument) {
    struct model_pool *model = argument;
    CHECK(is_constructed(object));
    memset(object, 0, sizeof(uint64_t));
    model->n_destructed++;
}

/* Where the pattern begins: behind the mark, if there is one. */
static size_t head_bytes(const struct model_pool *model) {
    return model->options.construct != NULL ? sizeof(uint64_t) : 0;
}

/* ---- making a pool ------------------------------------------------------------------------ */

static size_t random_size(struct rng *rng) {
    switch (rng_below(rng, 20)) {
    case 0:
        return 1 + rng_below(rng, MEMPOOL_OBJECT_BYTES_MAX);
    case 1:
    case 2:
        return 1 + rng_below(rng, 1 << 17);
    case 3:
    case 4:
    case 5:
        return 1 + rng_below(rng, 1 << 13);
    default:
        return 1 + rng_below(rng, 512);
    }
}

static void random_options(struct model_pool *model, struct rng *rng) {
    struct mempool_options options = POOL_OPTIONS(.object_bytes = random_size(rng));
    if (rng_chance(rng, 40)) {
        options.align = (size_t)1 << rng_below(rng, 13);
    }
    size_t most = LIVE_BYTES_MAX / (options.object_bytes + options.align) + 1;
    most = most < MODEL_LIVE_MAX ? most : MODEL_LIVE_MAX;
    options.count = rng_chance(rng, 40) ? rng_below(rng, most) : 0;
    options.limit = rng_chance(rng, 30) ? options.count + 1 + rng_below(rng, most) : 0;
    options.on_empty = (enum mempool_on_empty)rng_below(rng, 3);
    if (options.on_empty == MEMPOOL_FAIL && options.limit == 0 && options.count == 0) {
        options.limit = 1 + rng_below(rng, most);
    }
    options.flags = rng_chance(rng, 15) ? MEMPOOL_UNCACHED : 0;
    if (options.object_bytes >= sizeof(uint64_t) && rng_chance(rng, 30)) {
        options.construct = construct;
        options.destruct = destruct;
        options.arg = model;
    }
    model->options = options;
    model->n_live_wanted = most;
    model->cap = options.limit;
    if (options.on_empty == MEMPOOL_FAIL && options.limit == 0) {
        model->cap = options.count;
    }
}

struct model_pool *model_create(struct rng *rng) {
    struct model_pool *model = calloc(1, sizeof *model);
    CHECK(model != NULL);
    model->rng.state = rng_next(rng);
    random_options(model, rng);
    model->pool = mempool_create(&model->options);
    CHECK(model->pool != NULL);
    CHECK(pool_stats(model->pool).cold >= model->options.count);
    return model;
}

/* ---- get ---------------------------------------------------------------------------------- */

static bool is_full(const struct model_pool *model) {
    return model->cap != 0 && model->n_live == model->cap;
}

static size_t n_slots_live(const struct model_pool *model) {
    return model->n_live - model->n_heap_live;
}

/* An object came from the library: check it and fill it. */
static void note_got(struct model_pool *model, struct rng *rng, char *address, bool is_zeroed) {
    const struct mempool_options *options = &model->options;
    CHECK(address != NULL && !is_full(model));
    size_t align = options->align > _Alignof(max_align_t) ? options->align
                                                          : _Alignof(max_align_t);
    CHECK_EQUAL((uintptr_t)address % align, 0);
    for (size_t i = 0; i < model->n_live; i++) {
        CHECK(model->live[i].address != address);
    }
    for (size_t i = 0; is_zeroed && i < options->object_bytes; i++) {
        CHECK(address[i] == 0);
    }
    CHECK(options->construct == NULL || is_zeroed || is_constructed(address));
    bool heap_wanted = options->on_empty == MEMPOOL_HEAP
                       && n_slots_live(model) >= options->count;
    struct mempool_description description = address_description(address);
    CHECK(description.state == MEMPOOL_STATE_LIVE && description.pool == model->pool);
    CHECK_EQUAL(description.heap, heap_wanted);
    struct model_object object = {address, rng_next(rng), heap_wanted};
    if (options->construct != NULL) {
        uint64_t mark = mark_of(address);
        memcpy(address, &mark, sizeof mark);
    }
    size_t head = head_bytes(model);
    pattern_fill(address + head, options->object_bytes - head, object.key);
    model->live[model->n_live++] = object;
    model->n_got++;
    model->n_heap_live += heap_wanted;
    model->n_heap_got += heap_wanted;
    if (model->n_heap_live > model->heap_live_max) {
        model->heap_live_max = model->n_heap_live;
    }
    if (n_slots_live(model) > model->slots_live_max) {
        model->slots_live_max = n_slots_live(model);
    }
}

/* Nothing came: the pool was full, or the constructor refused. */
static void note_refused(struct model_pool *model, uint64_t n_refusals_before, uint64_t n_most) {
    CHECK(errno == ENOMEM || errno == EPROTO);
    CHECK(errno != ENOMEM || is_full(model));
    CHECK(errno != EPROTO || model->n_refused_constructions > n_refusals_before);
    model->n_refused_min++;
    model->n_refused_max += n_most;
}

void model_get(struct model_pool *model, struct rng *rng) {
    if (model->n_live >= model->n_live_wanted && !is_full(model)) {
        return;
    }
    uint64_t n_refusals_before = model->n_refused_constructions;
    bool is_zeroed = rng_chance(rng, 25);
    errno = 0;
    char *address = is_zeroed ? mempool_get0(model->pool) : mempool_get(model->pool);
    if (address != NULL) {
        note_got(model, rng, address, is_zeroed);
    } else {
        note_refused(model, n_refusals_before, 1);
    }
}

void model_get_bulk(struct model_pool *model, struct rng *rng) {
    void *objects[BULK_MAX];
    size_t room = model->n_live_wanted - model->n_live;
    size_t n_wanted = rng_below(rng, BULK_MAX < room ? BULK_MAX : room + 1);
    uint64_t n_refusals_before = model->n_refused_constructions;
    errno = 0;
    size_t n_got = mempool_get_bulk(model->pool, objects, n_wanted);
    int error = errno;
    CHECK(n_got <= n_wanted);
    for (size_t i = 0; i < n_got; i++) {
        note_got(model, rng, objects[i], false);
    }
    if (n_got < n_wanted) {
        errno = error;
        note_refused(model, n_refusals_before, n_wanted - n_got);
    }
}

/* ---- put ---------------------------------------------------------------------------------- */

char *model_take(struct model_pool *model, size_t nth) {
    struct model_object object = model->live[nth];
    size_t head = head_bytes(model);
    CHECK(pattern_intact(object.address + head, model->options.object_bytes - head, object.key));
    CHECK(head == 0 || is_constructed(object.address));
    CHECK(model->is_destroyed || mempool_of(object.address) == model->pool);
    model->live[nth] = model->live[--model->n_live];
    model->n_heap_live -= object.is_heap;
    model->n_put++;
    if (!object.is_heap) {
        model->put_lately[model->put_lately_idx++ % MODEL_PUT_KEPT] = object.address;
    }
    return object.address;
}

void model_put(struct model_pool *model, struct rng *rng) {
    if (model->n_live == 0) {
        return;
    }
    /* Often the newest, as real programs do. */
    size_t nth = rng_chance(rng, 50) ? model->n_live - 1 : rng_below(rng, model->n_live);
    char *address = model_take(model, nth);
    errno = ERRNO_BEFORE;
    mempool_put(address);
    CHECK(errno == ERRNO_BEFORE);
    CHECK(mempool_of(address) == NULL);
}

void model_put_bulk(struct model_pool *model, struct rng *rng) {
    void *objects[BULK_MAX];
    size_t n = rng_below(rng, BULK_MAX < model->n_live ? BULK_MAX : model->n_live + 1);
    for (size_t i = 0; i < n; i++) {
        objects[i] = model_take(model, rng_below(rng, model->n_live));
    }
    errno = ERRNO_BEFORE;
    mempool_put_bulk(objects, n);
    CHECK(errno == ERRNO_BEFORE);
}

/* ---- the rest ----------------------------------------------------------------------------- */

void model_trim(struct model_pool *model) {
    mempool_trim(model->pool);
    CHECK(pool_stats(model->pool).cold + n_slots_live(model) >= model->options.count);
}

static bool is_live(const struct model_pool *model, const char *address) {
    for (size_t i = 0; i < model->n_live; i++) {
        if (model->live[i].address == address) {
            return true;
        }
    }
    return false;
}

void model_misuse(struct model_pool *model, struct rng *rng) {
    uint64_t n_before = mempool_misuse_count(MEMPOOL_MISUSE_KINDS);
    char *lately = model->put_lately[rng_below(rng, MODEL_PUT_KEPT)];
    char *address = (char *)model;
    if (rng_chance(rng, 50) && lately != NULL && !is_live(model, lately)
        && mempool_of(lately) == NULL) {
        address = lately; /* or another pool's by now, where mempool_of sees it */
    } else if (model->n_live > 0 && model->options.object_bytes > 1) {
        const struct model_object *object = &model->live[rng_below(rng, model->n_live)];
        if (!object->is_heap) {
            address = object->address + 1 + rng_below(rng, model->options.object_bytes - 1);
        }
    }
    errno = ERRNO_BEFORE;
    mempool_put(address);
    CHECK(errno == ERRNO_BEFORE);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), n_before + 1);
}

void model_destroy(struct model_pool *model) {
    uint64_t n_before = mempool_misuse_count(MEMPOOL_MISUSE_LIVE_AT_DESTROY);
    model_check_stats(model);
    CHECK_EQUAL(mempool_destroy(model->pool), model->n_live);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_LIVE_AT_DESTROY),
                n_before + (model->n_live > 0));
    model->is_destroyed = true;
}

void model_bury(struct model_pool *model) {
    CHECK(model->is_destroyed && model->n_live == 0);
    CHECK_EQUAL(model->n_constructed, model->options.construct != NULL ? model->n_destructed : 0);
    free(model);
}
