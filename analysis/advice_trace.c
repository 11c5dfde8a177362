/* SPDX-License-Identifier: MIT */
/* Advice from a trace, where all of a pool's use is known. */
#include <inttypes.h>

#include "analysis/advice.h"
#include "analysis/advice_rules.h"

enum {
    FEW_GETS_PER_SECOND = 10, /* a lock for each of them costs nothing that could be measured */
    IDLE_MATTERS_BYTES = 16 << 10, /* of free objects in caches */
    CROSSED_MATTERS = 500,         /* thousandths of puts */
    MISSES_MATTER_PER_SECOND = 100,
    GETS_MATTER = 1000,
};
static const double second_ns = 1e9;

static double per_second(uint64_t n, double seconds) {
    return seconds > 0 ? (double)n / seconds : 0;
}

static void take_use(struct advice_pool *pool, const struct usage *usage,
                     const struct magazines *magazines) {
    const struct class_usage *of = &usage->classes[pool->class];
    const struct magazines_of_pool *model = &magazines->pools[pool->class];
    double seconds = (double)usage->duration_ns / second_ns;
    pool->gets = of->gets;
    pool->peak = of->peak;
    pool->live = of->live;
    pool->median = (int64_t)of->median;
    pool->steady = (int64_t)of->steady;
    pool->burst = (int64_t)of->burst;
    pool->gets_per_second = per_second(of->gets, seconds);
    pool->crossed_thousandths = of->puts > 0 ? (int)(of->crossed * 1000 / of->puts) : 0;
    pool->threads = (int64_t)model->threads;
    if (model->operations == 0) {
        pool->magazine_rounds = pool->hits_thousandths = ADVICE_UNKNOWN;
        return;
    }
    int size = magazines_choose(model, (size_t)pool->slot_bytes);
    pool->magazine_rounds = size < 0 ? 0 : magazines_rounds[size];
    pool->hits_thousandths = size < 0 ? 0 : (int)magazines_hits(model, (size_t)size);
    pool->cached_peak = size < 0 ? 0 : (int64_t)model->sizes[size].peak_cached;
    pool->misses_per_second =
        per_second(size < 0 ? model->operations : model->sizes[size].misses, seconds);
}

static void explain_count(struct advice_pool *pool) {
    if (pool->verdict == ADVICE_LOWER) {
        advice_reason(pool,
                      "At most %" PRId64 " are live for 99 %% of the time and behind 99 %% of the "
                      "gets; the peak is %" PRIu64 ": %" PRIu64 " ready are more than are used.",
                      pool->steady, pool->peak, pool->count_now);
    } else if (pool->verdict == ADVICE_RAISE) {
        advice_reason(pool,
                      "Up to %" PRId64 " are live for 99 %% of the time or behind 99 %% of the "
                      "gets, and %" PRIu64 " are made ready: the rest waits for a slab.",
                      pool->steady, pool->count_now);
    }
    if (pool->burst > 0 && (uint64_t)pool->burst * 2 > pool->peak &&
        (uint64_t)pool->burst >= pool->slab_slots) {
        advice_reason(pool,
                      "Bursts: within two seconds it rises by %" PRId64 ", so what was put is "
                      "needed again soon.",
                      pool->burst);
    }
}

static void explain_caches(struct advice_pool *pool) {
    uint64_t cached_bytes = (uint64_t)pool->cached_peak * pool->slot_bytes;
    if (pool->gets_per_second < FEW_GETS_PER_SECOND && cached_bytes >= IDLE_MATTERS_BYTES &&
        cached_bytes > pool->peak * pool->slot_bytes) {
        pool->is_uncached = true;
        advice_reason(pool,
                      "%.1f gets a second do not need caches, in which up to %" PRIu64
                      " bytes lie idle: MEMPOOL_UNCACHED.",
                      pool->gets_per_second, cached_bytes);
        return;
    }
    if (pool->magazine_rounds > 0 && pool->hits_thousandths < MAGAZINES_ENOUGH &&
        pool->misses_per_second >= MISSES_MATTER_PER_SECOND) {
        advice_reason(pool,
                      "No magazine the library makes for slots of %" PRIu64 " bytes gives 99 %% "
                      "hits: the best, of %" PRId64 ", gives %d.%d %%, and %.0f misses a second.",
                      pool->slot_bytes, pool->magazine_rounds, pool->hits_thousandths / 10,
                      pool->hits_thousandths % 10, pool->misses_per_second);
    }
    if (pool->crossed_thousandths >= CROSSED_MATTERS && pool->gets >= GETS_MATTER) {
        advice_reason(pool,
                      "%d %% of the puts are by another thread than got the object: these travel "
                      "through the depot.",
                      pool->crossed_thousandths / 10);
    }
}

static void fill(struct advice_pool *pool, const struct usage *usage,
                 const struct magazines *magazines) {
    const struct trace_class *from = &usage->trace->classes[pool->class];
    pool->name = from->name;
    pool->object_bytes = from->object_bytes;
    pool->count_now = from->count;
    advice_shape(pool, 0);
    take_use(pool, usage, magazines);
    if (pool->gets == 0) {
        pool->verdict = ADVICE_UNUSED;
        advice_count(pool, 0);
        advice_reason(pool, "Nothing was got from it%s.",
                      pool->count_now > 0 ? ": nothing need be ready" : "");
        return;
    }
    advice_count(pool, (uint64_t)pool->steady);
    explain_count(pool);
    explain_caches(pool);
    advice_limit(pool, pool->is_uncached ? 0 : (uint64_t)pool->cached_peak);
    advice_padding(pool);
}

struct advice *advice_of_trace(const struct usage *usage, const struct magazines *magazines) {
    struct advice *advice = advice_new(usage->trace->n_pools);
    if (!advice) {
        return NULL;
    }
    advice->seconds = (double)usage->duration_ns / second_ns;
    for (uint32_t class = 0; class < usage->trace->n_classes; class ++) {
        if (!usage->trace->classes[class].is_site) {
            advice->pools[advice->n_pools].class = class;
            fill(&advice->pools[advice->n_pools++], usage, magazines);
        }
    }
    advice_sum(advice);
    return advice;
}
