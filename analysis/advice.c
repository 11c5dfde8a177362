/* SPDX-License-Identifier: MIT */
/* What options a pool's real use asks for: what traces and snapshots have in common. */
#include "analysis/advice.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/advice_rules.h"
#include "slab/shape.h"

enum {
    SLOT_STEP = 16,
    PADDING_MATTERS_BYTES = 4 << 10, /* at the peak */
    SHRINK_AT_MOST = 8,              /* bytes: one field, or the order of some */
    LIMIT_SHARE = 4,                 /* above the peak */
};

void advice_reason(struct advice_pool *pool, const char *format, ...) {
    if (pool->n_reasons == ADVICE_REASONS) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(pool->reasons[pool->n_reasons++], ADVICE_REASON_BYTES, format, arguments);
    va_end(arguments);
}

const char *advice_verdict_word(enum advice_verdict verdict) {
    static const char *const words[] = {"keep", "lower", "raise", "unused"};
    return words[verdict];
}

void advice_shape(struct advice_pool *pool, size_t align) {
    struct shape shape;
    shape_init(&shape, (size_t)pool->object_bytes, align, SHAPE_PLAIN);
    pool->slot_bytes = shape.stride;
    pool->slab_bytes = shape_slab_bytes(&shape);
    pool->slab_slots = shape.slots;
}

static uint64_t slabs_for(const struct advice_pool *pool, uint64_t count) {
    return (count + pool->slab_slots - 1) / pool->slab_slots;
}

void advice_count(struct advice_pool *pool, uint64_t count) {
    uint64_t now = slabs_for(pool, pool->count_now), then = slabs_for(pool, count);
    /* The first get takes a slab anyway: who asked for nothing needs no count for one slab. */
    bool is_small = pool->count_now == 0 && then <= 1;
    bool is_same = is_small || (now == then && (count > 0) == (pool->count_now > 0));
    pool->count = is_same && pool->verdict != ADVICE_RAISE ? pool->count_now : count;
    then = slabs_for(pool, pool->count);
    pool->saved_bytes = ((int64_t)now - (int64_t)then) * (int64_t)pool->slab_bytes;
    if (pool->verdict != ADVICE_KEEP) {
        return;
    }
    pool->verdict = pool->count < pool->count_now   ? ADVICE_LOWER
                    : pool->count > pool->count_now ? ADVICE_RAISE
                                                    : ADVICE_KEEP;
}

void advice_limit(struct advice_pool *pool, uint64_t beside) {
    uint64_t margin = pool->peak / LIMIT_SHARE + 1;
    pool->limit = pool->peak == 0 ? 0 : pool->peak + (margin > beside ? margin : beside);
    pool->limit = pool->limit > 0 && pool->limit < pool->count ? pool->count : pool->limit;
}

/* A slot is the object and what rounds it up. */
void advice_padding(struct advice_pool *pool) {
    uint64_t padding = pool->slot_bytes - pool->object_bytes;
    uint64_t over = pool->object_bytes % SLOT_STEP;
    pool->padding_bytes = padding * pool->peak;
    if (over > 0 && over <= SHRINK_AT_MOST && pool->object_bytes > SLOT_STEP &&
        SLOT_STEP * pool->peak >= PADDING_MATTERS_BYTES) {
        pool->shrink_bytes = (uint32_t)over;
        pool->shrink_saved_bytes = SLOT_STEP * pool->peak;
        advice_reason(pool,
                      "An object of %" PRIu64 " bytes takes a slot of %" PRIu64 ": with %" PRIu64
                      " byte%s less it would be %" PRIu64 ", and the peak take %" PRIu64
                      " bytes less.",
                      pool->object_bytes, pool->slot_bytes, over, over == 1 ? "" : "s",
                      pool->object_bytes - over, pool->shrink_saved_bytes);
    } else if (pool->padding_bytes >= PADDING_MATTERS_BYTES && padding * 8 >= pool->slot_bytes) {
        advice_reason(pool,
                      "Slots of %" PRIu64 " bytes hold objects of %" PRIu64 ": a field of %" PRIu64
                      " bytes more would cost nothing.",
                      pool->slot_bytes, pool->object_bytes, padding);
    }
}

static int by_saving(const void *left, const void *right) {
    const struct advice_pool *a = left, *b = right;
    int order = (a->saved_bytes < b->saved_bytes) - (a->saved_bytes > b->saved_bytes);
    order = order ? order
                  : (a->peak * a->slot_bytes < b->peak * b->slot_bytes) -
                        (a->peak * a->slot_bytes > b->peak * b->slot_bytes);
    order = order ? order : strcmp(a->name, b->name);
    return order ? order : (a->class > b->class) - (a->class < b->class);
}

void advice_sum(struct advice *advice) {
    for (uint32_t i = 0; i < advice->n_pools; i++) {
        const struct advice_pool *pool = &advice->pools[i];
        advice->saved_bytes += pool->saved_bytes;
        advice->slab_bytes_now += slabs_for(pool, pool->count_now) * pool->slab_bytes;
        advice->slab_bytes += slabs_for(pool, pool->count) * pool->slab_bytes;
    }
    if (advice->n_pools > 0) {
        qsort(advice->pools, advice->n_pools, sizeof(advice->pools[0]), by_saving);
    }
}

struct advice *advice_new(size_t n_pools) {
    struct replay_memory memory = {0};
    struct advice *advice = replay_memory_take(&memory, 1, sizeof(*advice));
    if (!advice) {
        return NULL;
    }
    advice->memory = memory;
    advice->pools = replay_memory_take(&advice->memory, n_pools, sizeof(advice->pools[0]));
    if (!advice->pools) {
        advice_free(advice);
        return NULL;
    }
    return advice;
}

void advice_free(struct advice *advice) {
    if (advice) {
        struct replay_memory memory = advice->memory; /* which holds the struct itself */
        replay_memory_release(&memory);
    }
}
