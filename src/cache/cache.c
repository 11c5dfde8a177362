/* SPDX-License-Identifier: MIT */
/* The misses of a cache: tick, low-water mark, swap, exchange with the depot. */
#include "cache/cache.h"

#include "base/bits.h"
#include "cache/thread.h"

#include <string.h>

enum {
    TICK_INTERVAL_MAX = 256,
    TICK_SHORT_MS = 5, /* ticks closer than this: fewer of them */
    TICK_LONG_MS = 20, /* farther apart: more */
    FLOOR_SHARE = 8,   /* the low-water mark moves in steps of 1/8 magazine */
};

uint32_t cache_rounds(const struct cache *cache) {
    const struct magazine *previous = load_relaxed(&cache->previous);
    return cache_loaded(cache) + (previous != NULL ? previous->n : 0);
}

static void tick(struct thread *thread, struct cache *cache) {
    uint64_t now = thread_clock();
    uint64_t elapsed = now - thread->tick_ms;
    if (elapsed < TICK_SHORT_MS) {
        thread->tick_interval = (uint32_t)min_size(thread->tick_interval * 2u, TICK_INTERVAL_MAX);
    } else if (elapsed > TICK_LONG_MS) {
        thread->tick_interval = elapsed > 10 * TICK_LONG_MS ? 1 : thread->tick_interval / 2 + 1;
    }
    thread->tick_ms = now;
    store_relaxed(&cache->tick_at, load_relaxed(&cache->out) + thread->tick_interval);
}

static uint32_t floor_step(const struct magazine *loaded) {
    return (uint32_t)max_size(loaded->capacity / FLOOR_SHARE, 1);
}

/* The floor below n: one step, or 0. */
static uint32_t floor_below(uint32_t n, const struct magazine *loaded) {
    uint32_t step = floor_step(loaded);
    return n > step ? n - step : 0;
}

/* Gets have come down to the mark: note how many are live, counting the one that is under way. */
static void note_live(const struct cache *cache) {
    struct depot *depot = load_relaxed(&cache->depot);
    size_t out = depot_out(depot);
    size_t rounds = cache_rounds(cache);
    depot_note_live(depot, out > rounds ? out - rounds + 1 : 1);
}

/* Make the previous magazine the loaded one; the gate must be open and both of one capacity, so
 * that only the floor changes. False: the depot's lock is needed. */
static bool swap_magazines(struct cache *cache, uint32_t floor_now) {
    struct magazine *previous = load_relaxed(&cache->previous);
    struct magazine *loaded = magazine_of(load_relaxed(&cache->rounds));
    if (previous == NULL || previous->capacity != loaded->capacity) {
        return false;
    }
    uint32_t floor_then = floor_below(previous->n, previous);
    if (!swap_if_relaxed(&cache->floor, &floor_now, floor_then)) {
        return false;
    }
    loaded->n = cache_loaded(cache);
    size_t change = (size_t)previous->n - loaded->n; /* modulo 2^n, as the counters */
    bump_owned(&cache->in, change);
    bump_owned(&cache->filled, change);
    store_relaxed(&cache->rounds, previous->rounds);
    store_relaxed(&cache->previous, loaded);
    return true;
}

bool cache_settle_get(struct thread *thread, struct cache *cache) {
    uint32_t floor = load_relaxed(&cache->floor);
    if (floor == CACHE_CLOSED || load_relaxed(&cache->rounds) == NULL) {
        return false;
    }
    if (load_relaxed(&cache->tick_at) == load_relaxed(&cache->out)) {
        tick(thread, cache);
        return true;
    }
    uint32_t n = cache_loaded(cache);
    if (n > floor) {
        return true;
    }
    if (n > 0) {
        note_live(cache);
        uint32_t below = floor_below(n, magazine_of(load_relaxed(&cache->rounds)));
        return swap_if_relaxed(&cache->floor, &floor, below);
    }
    const struct magazine *previous = load_relaxed(&cache->previous);
    return previous != NULL && previous->n > 0 && swap_magazines(cache, floor);
}

bool cache_settle_put(struct thread *thread, struct cache *cache) {
    uint32_t floor = load_relaxed(&cache->floor);
    (void)thread;
    if (floor == CACHE_CLOSED || load_relaxed(&cache->rounds) == NULL) {
        return false;
    }
    if (cache_loaded(cache) < load_relaxed(&cache->capacity)) {
        return true;
    }
    const struct magazine *previous = load_relaxed(&cache->previous);
    return previous != NULL && previous->n == 0 && swap_magazines(cache, floor);
}

/* ---- under the depot's lock ---------------------------------------------------------------- */

/* Make `magazine` the loaded one, with its rounds; what was loaded must be empty or elsewhere. */
static void load_magazine(struct cache *cache, struct magazine *magazine) {
    size_t change = (size_t)magazine->n - cache_loaded(cache);
    bump_owned(&cache->in, change);
    bump_owned(&cache->filled, change);
    store_relaxed(&cache->rounds, magazine->rounds);
}

/* Open the gates for what is loaded. */
static void open_gates(struct cache *cache) {
    const struct magazine *loaded = magazine_of(load_relaxed(&cache->rounds));
    store_relaxed(&cache->floor, floor_below(cache_loaded(cache), loaded));
    store_relaxed(&cache->capacity, loaded->capacity);
}

static struct magazine *loaded_magazine(const struct cache *cache) {
    struct round *rounds = load_relaxed(&cache->rounds);
    return rounds != NULL ? magazine_of(rounds) : NULL;
}

/* Swap whatever the capacities. */
static void swap_under_lock(struct cache *cache) {
    struct magazine *loaded = loaded_magazine(cache);
    struct magazine *previous = load_relaxed(&cache->previous);
    loaded->n = cache_loaded(cache);
    load_magazine(cache, previous);
    store_relaxed(&cache->previous, loaded);
}

/* Common to both: may the cache be used at all, and is it bound to the depot? */
static enum cache_verdict bind_cache(struct cache *cache, struct depot *depot) {
    if (load_relaxed(&depot->state) != DEPOT_ALIVE) {
        return CACHE_NO_DEPOT;
    }
    if (depot->uncached || depot->tight || depot->rounds_max == 0) {
        return CACHE_BYPASS;
    }
    if (load_relaxed(&cache->depot) != depot) {
        store_relaxed(&cache->depot, depot);
        store_relaxed(&cache->tick_at, load_relaxed(&cache->out));
    }
    if (load_relaxed(&cache->rounds) == NULL) {
        struct magazine *loaded = depot_empty_magazine(depot);
        if (loaded == NULL) {
            return CACHE_BYPASS;
        }
        load_magazine(cache, loaded);
    }
    return CACHE_HIT;
}

/* Both magazines are empty: get rounds from the depot, or carve. */
static bool refill_loaded(struct cache *cache, struct depot *depot) {
    struct magazine *magazine = depot_take_magazine(depot);
    struct magazine *loaded = loaded_magazine(cache);
    struct magazine *previous = load_relaxed(&cache->previous);
    depot_note_exchange(depot);
    if (magazine == NULL) {
        if (loaded->capacity < depot->target) {
            magazine = depot_empty_magazine(depot);
        }
        if (magazine == NULL) {
            uint32_t n = depot_carve(depot, loaded->rounds, loaded->capacity, true);
            bump_owned(&cache->in, n);
            bump_owned(&cache->filled, n);
            return n > 0;
        }
        magazine->n = depot_carve(depot, magazine->rounds, magazine->capacity, true);
    }
    if (previous != NULL) {
        magazine_destroy(previous);
    }
    loaded->n = 0;
    store_relaxed(&cache->previous, loaded);
    load_magazine(cache, magazine);
    return magazine->n > 0;
}

enum cache_verdict cache_refill(struct cache *cache, struct depot *depot, struct round *ret_round) {
    enum cache_verdict verdict = bind_cache(cache, depot);
    if (verdict != CACHE_HIT) {
        return verdict;
    }
    const struct magazine *previous = load_relaxed(&cache->previous);
    if (cache_loaded(cache) == 0) {
        if (previous != NULL && previous->n > 0) {
            swap_under_lock(cache);
        } else if (!refill_loaded(cache, depot)) {
            open_gates(cache);
            return CACHE_NOTHING;
        }
    }
    note_live(cache);
    *ret_round = load_relaxed(&cache->rounds)[cache_loaded(cache) - 1];
    bump_owned(&cache->out, 1);
    open_gates(cache);
    return CACHE_HIT;
}

enum cache_verdict cache_make_room(struct cache *cache, struct depot *depot, struct round round) {
    enum cache_verdict verdict = bind_cache(cache, depot);
    if (verdict != CACHE_HIT) {
        return verdict;
    }
    struct magazine *loaded = loaded_magazine(cache);
    if (cache_loaded(cache) == loaded->capacity) {
        struct magazine *previous = load_relaxed(&cache->previous);
        if (previous != NULL && previous->n < previous->capacity) {
            swap_under_lock(cache);
        } else {
            depot_note_exchange(depot);
            struct magazine *empty = depot_empty_magazine(depot);
            if (empty == NULL) {
                return CACHE_BYPASS;
            }
            if (previous != NULL) {
                depot_give_magazine(depot, previous);
            }
            loaded->n = cache_loaded(cache);
            store_relaxed(&cache->previous, loaded);
            load_magazine(cache, empty);
        }
    }
    load_relaxed(&cache->rounds)[cache_loaded(cache)] = round;
    bump_owned(&cache->in, 1);
    open_gates(cache);
    return CACHE_HIT;
}

void cache_empty_out(struct cache *cache, struct depot *depot) {
    struct magazine *loaded = loaded_magazine(cache);
    struct magazine *previous = load_relaxed(&cache->previous);
    if (loaded != NULL) {
        uint32_t n = cache_loaded(cache);
        loaded->n = n;
        store_relaxed(&cache->rounds, NULL);
        bump_owned(&cache->in, 0 - (size_t)n);
        bump_owned(&cache->filled, 0 - (size_t)n);
        depot_give_magazine(depot, loaded);
    }
    if (previous != NULL) {
        store_relaxed(&cache->previous, NULL);
        depot_give_magazine(depot, previous);
    }
}

void cache_return(struct cache *cache, struct depot *depot) {
    cache_empty_out(cache, depot);
    bump_owned(&depot->gets, load_relaxed(&cache->out));
    bump_owned(&depot->puts, load_relaxed(&cache->in) - load_relaxed(&cache->filled));
    /* Zero, so that the place serves the next pool of this number. */
    store_relaxed(&cache->capacity, 0);
    store_relaxed(&cache->floor, 0);
    store_relaxed(&cache->in, 0);
    store_relaxed(&cache->out, 0);
    store_relaxed(&cache->filled, 0);
    store_relaxed(&cache->tick_at, 0);
    store_relaxed(&cache->depot, NULL);
}

void cache_drop_top(struct cache *cache) {
    bump_owned(&cache->in, 0 - (size_t)1);
}
