/* SPDX-License-Identifier: MIT */
/* Advice from a process's counters, which tell less than a trace. */
#include <inttypes.h>

#include <mempool/mempool.h>

#include "analysis/advice.h"
#include "analysis/advice_rules.h"

enum {
    BUSY_GETS_PER_SECOND = 1000,   /* a lock for each of them is worth a word */
    IDLE_MATTERS_BYTES = 64 << 10, /* of free objects in caches */
    MAGAZINES_OF_CACHE = 3,
};

static void take_use(struct advice_pool *pool, const struct snapshot_pool *of, double seconds) {
    pool->gets = of->alloc_count;
    pool->live = of->hot + of->curr_stdalloc;
    pool->peak = of->max_alloc + of->max_stdalloc;
    pool->median = pool->steady = pool->burst = ADVICE_UNKNOWN;
    pool->gets_per_second = seconds > 0 ? (double)of->alloc_count / seconds : 0;
    pool->misses_per_second = ADVICE_UNKNOWN;
    pool->crossed_thousandths = ADVICE_UNKNOWN;
    pool->threads = (int64_t)of->caches;
    pool->magazine_rounds = of->is_uncached ? 0 : of->magazine_rounds;
    pool->hits_thousandths = ADVICE_UNKNOWN;
    pool->cached_peak = (int64_t)of->cached;
}

/* What is refused or goes to malloc is what the options are at fault for. */
static bool advise_shortage(struct advice_pool *pool, const struct snapshot_pool *of) {
    if (of->on_empty == MEMPOOL_HEAP && of->max_stdalloc > 0) {
        pool->verdict = ADVICE_RAISE;
        advice_count(pool, pool->peak);
        advice_reason(pool,
                      "Up to %" PRIu64 " objects at once came from malloc, beyond %" PRIu64
                      " ready: as many more keep them in slots, at most %" PRIu64 ".",
                      of->max_stdalloc, of->count, pool->peak);
        return true;
    }
    if (of->refused == 0) {
        return false;
    }
    uint64_t cap = of->limit > 0 ? of->limit : of->count;
    advice_count(pool, of->count);
    if (of->limit > 0 || of->on_empty == MEMPOOL_FAIL) {
        advice_reason(pool,
                      "%" PRIu64 " gets were refused with %" PRIu64 " allowed: a limit of %" PRIu64
                      " leaves a quarter more.",
                      of->refused, cap, cap + cap / 4 + 1);
        pool->limit = cap + cap / 4 + 1;
    } else {
        advice_reason(pool,
                      "%" PRIu64 " gets were refused without a limit of the pool's own: look "
                      "at those of its component.",
                      of->refused);
    }
    return true;
}

static void advise_count(struct advice_pool *pool, const struct snapshot_pool *of) {
    advice_count(pool, pool->peak);
    if (pool->verdict == ADVICE_LOWER) {
        advice_reason(pool,
                      "Never more than %" PRIu64 " were live, and %" PRIu64
                      " are made ready. A trace tells what is enough most of the time.",
                      pool->peak, pool->count_now);
    } else if (pool->verdict == ADVICE_RAISE && pool->count_now == 0) {
        /* Nothing was asked for: what grows by itself needs no count. */
        pool->verdict = ADVICE_KEEP;
        pool->count = 0;
        pool->saved_bytes = 0;
    } else if (pool->verdict == ADVICE_RAISE) {
        advice_reason(pool,
                      "Up to %" PRIu64 " were live, %" PRIu64 " beyond the %" PRIu64
                      " made ready: these waited for a slab.",
                      pool->peak, of->pool_misses, pool->count_now);
    }
}

static void advise_caches(struct advice_pool *pool) {
    uint64_t cached_bytes = (uint64_t)pool->cached_peak * pool->slot_bytes;
    if (pool->is_uncached_now) {
        pool->is_uncached = pool->gets_per_second < BUSY_GETS_PER_SECOND;
        if (!pool->is_uncached) {
            advice_reason(pool,
                          "%.0f gets a second, each under the pool's lock: without "
                          "MEMPOOL_UNCACHED most would need none.",
                          pool->gets_per_second);
        }
    } else if (pool->gets_per_second < 1 && cached_bytes >= IDLE_MATTERS_BYTES &&
               cached_bytes > pool->live * pool->slot_bytes) {
        pool->is_uncached = true;
        advice_reason(pool,
                      "%" PRIu64 " bytes lie idle in %" PRId64
                      " threads' caches for %.2f gets a second: MEMPOOL_UNCACHED.",
                      cached_bytes, pool->threads, pool->gets_per_second);
    }
}

static void fill(struct advice_pool *pool, const struct snapshot_pool *of, double seconds) {
    pool->name = of->name;
    pool->object_bytes = of->object_bytes;
    pool->count_now = of->count;
    pool->limit_now = of->limit;
    pool->is_uncached_now = pool->is_uncached = of->is_uncached;
    advice_shape(pool, (size_t)of->align);
    take_use(pool, of, seconds);
    if (of->alloc_count == 0 && of->refused == 0) {
        pool->verdict = ADVICE_UNUSED;
        advice_count(pool, 0);
        advice_reason(pool, "Nothing was got from it%s.",
                      pool->count_now > 0 ? ": nothing need be ready" : "");
        return;
    }
    if (!advise_shortage(pool, of)) {
        advise_count(pool, of);
    }
    advise_caches(pool);
    if (pool->limit == 0) {
        advice_limit(pool,
                     pool->is_uncached ? 0 : of->caches * MAGAZINES_OF_CACHE * of->magazine_rounds);
    }
    advice_padding(pool);
}

/* What a source says may be anything. */
static bool is_sane(const struct snapshot_pool *pool) {
    return pool->kind == SNAPSHOT_POOL && pool->object_bytes > 0 &&
           pool->object_bytes <= MEMPOOL_OBJECT_BYTES_MAX && pool->align <= MEMPOOL_ALIGN_MAX &&
           (pool->align & (pool->align - 1)) == 0 && pool->max_alloc < (uint64_t)1 << 40 &&
           pool->max_stdalloc < (uint64_t)1 << 40 && pool->count < (uint64_t)1 << 40 &&
           pool->limit < (uint64_t)1 << 60;
}

struct advice *advice_of_snapshot(const struct snapshot *snapshot) {
    struct advice *advice = advice_new(snapshot->n_pools);
    if (!advice) {
        return NULL;
    }
    advice->seconds = (double)snapshot->uptime_seconds;
    for (size_t i = 0; i < snapshot->n_pools; i++) {
        if (is_sane(&snapshot->pools[i])) {
            advice->pools[advice->n_pools].class = (uint32_t)i;
            fill(&advice->pools[advice->n_pools++], &snapshot->pools[i], advice->seconds);
        }
    }
    advice_sum(advice);
    return advice;
}
