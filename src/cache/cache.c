/* SPDX-License-Identifier: MIT */
/* The misses of a cache: tick, low-water mark, swap, exchange with the depot. */
#include "cache/cache.h"

#include "base/bits.h"
#include "cache/park.h"
#include "cache/thread.h"
#include "sys/probes.h"

#include <string.h>

enum {
    SWAPS_TO_GROW = 16,
    ROUNDS_MOVED = 16, /* or half of one: so many gets or puts need no swap, whichever come */
};

uint32_t cache_rounds(const struct cache *cache) {
    const struct magazine *loaded = load_relaxed(&cache->loaded);
    size_t rounds = 0;
    if (loaded != NULL) {
        rounds = (size_t)(load_relaxed(&cache->top) - loaded->rounds);
    }
    /* Another thread's may be swapped while we look; and it may have gone, with its magazines. */
    rounds = rounds <= MAGAZINE_ROUNDS_MAX ? rounds : 0;
    return (uint32_t)rounds + cache_others(cache);
}

/* `magazine` is the previous one now, with n rounds; NULL: none. */
static void set_previous(struct cache *cache, struct magazine *magazine, uint32_t n) {
    if (magazine != NULL) {
        store_relaxed(&magazine->n, n);
    }
    store_relaxed(&cache->previous, magazine);
    store_relaxed(&cache->previous_n, n);
}

/* Hits of the heap's classes do not come by here: their samples are their tallies'. */
static bool counts_samples(const struct cache *cache) {
    return load_relaxed(&cache->depot)->shape.tagged == 0;
}

static double sample_bytes(const struct cache *cache) {
    return (double)load_relaxed(&cache->depot)->shape.object_bytes;
}

/* `left` ran out: how many gets to the next time, this one among them. */
MEMPOOL_COLD static uint32_t draw_samples(struct thread *thread, struct cache *cache,
                                          uint32_t interval) {
    double bytes = sample_bytes(cache);
    if (!counts_samples(cache)) {
        return interval;
    }
    if (sample_is_due(&cache->sampling, &thread->random, bytes)) {
        sample_keep(&cache->sampling);
    }
    return sample_draw(&cache->sampling, &thread->random, bytes, interval);
}

static void tick(struct thread *thread, struct cache *cache) {
    uint32_t interval = thread_tick(thread);
    if (sample_is_on()) {
        interval = draw_samples(thread, cache, interval);
    }
    store_relaxed(&cache->gets_before, cache_gets(cache));
    store_relaxed(&cache->interval, interval);
    store_relaxed(&cache->left, interval);
}

/* Like a hit. Where gates are closed `left` may have run out without a tick. */
MEMPOOL_COLD void cache_count_sampling(struct cache *cache) {
    uint32_t left = load_relaxed(&cache->left);
    bool counts = counts_samples(cache);
    if (counts && left > 0) {
        store_relaxed(&cache->left, left - 1);
        return;
    }
    bump_owned(&cache->gets_before, 1);
    if (counts && sample_is_due(&cache->sampling, &thread_current->random, sample_bytes(cache))) {
        sample_keep(&cache->sampling);
    }
}

/* How many slots are live when the cache of one thread holds `rounds`; what others cache counts as
 * live. */
static size_t live_beside(const struct depot *depot, size_t rounds) {
    size_t out = depot_out(depot);
    return out > rounds ? out - rounds : 0;
}

/* The floor for a magazine with n rounds beside `others` elsewhere in the cache: where the number
 * of live slots would pass the highest that is known. */
static struct round *choose_floor(const struct depot *depot, struct magazine *magazine, uint32_t n,
                                  uint32_t others) {
    size_t live = live_beside(depot, (size_t)n + others);
    size_t peak = load_relaxed(&depot->peak);
    size_t gets = peak > live ? peak - live : 0;
    return magazine->rounds + (n > gets ? n - gets : 0);
}

/* Gets have come down to the floor: note how many are live, counting the one that is under way. */
static void note_live(const struct cache *cache) {
    struct depot *depot = load_relaxed(&cache->depot);
    depot_note_live(depot, live_beside(depot, cache_rounds(cache)) + 1);
}

static struct round *floor_now(const struct cache *cache) {
    return choose_floor(load_relaxed(&cache->depot), load_relaxed(&cache->loaded),
                        cache_loaded(cache), cache_others(cache));
}

/* Make `magazine` the loaded one, with n rounds; what was loaded is empty or elsewhere. */
static void set_loaded(struct cache *cache, struct magazine *magazine, uint32_t n) {
    magazine->next = magazine;
    store_relaxed(&cache->loaded, magazine);
    store_relaxed(&cache->top, magazine->rounds + n);
}

static void load_magazine(struct cache *cache, struct magazine *magazine) {
    set_loaded(cache, magazine, load_relaxed(&magazine->n));
}

/* Many swaps, and the pool allows larger magazines. */
static bool growth_due(const struct cache *cache) {
    const struct magazine *loaded = load_relaxed(&cache->loaded);
    return cache->swaps >= SWAPS_TO_GROW &&
           loaded->capacity < load_relaxed(&cache->depot)->rounds_max;
}

/* How many rounds go to an empty magazine, or stay in a full one. */
static uint32_t some_rounds(const struct magazine *one, const struct magazine *other) {
    return (uint32_t)min_size(min_size(one->capacity, other->capacity) / 2, ROUNDS_MOVED);
}

/* The lowest of n rounds move to the top of another magazine, which has n_to and room. */
static void sink(struct magazine *to, uint32_t n_to, struct magazine *from, uint32_t n,
                 uint32_t moved) {
    memcpy(to->rounds + n_to, from->rounds, moved * sizeof(struct round));
    memmove(from->rounds, from->rounds + moved, (n - moved) * sizeof(struct round));
}

/* The loaded magazine is empty, or full, and the previous one is not: have rounds in the loaded
 * one, and room. The two are one stack, whose top is the loaded one, and stay so. */
static void swap_magazines(struct cache *cache) {
    struct magazine *loaded = load_relaxed(&cache->loaded);
    struct magazine *previous = load_relaxed(&cache->previous);
    uint32_t n = cache_loaded(cache), n_previous = load_relaxed(&previous->n);
    uint32_t some = some_rounds(loaded, previous), moved;
    cache->swaps++;
    if (n == 0) {
        moved = n_previous == previous->capacity ? some : 0;
        sink(loaded, 0, previous, n_previous, moved);
        set_loaded(cache, previous, n_previous - moved);
        set_previous(cache, loaded, moved);
    } else if (n_previous == 0) {
        memcpy(previous->rounds, loaded->rounds + n - some, some * sizeof(struct round));
        set_loaded(cache, previous, some);
        set_previous(cache, loaded, n - some);
    } else {
        moved = (uint32_t)min_size(previous->capacity - n_previous, n - some);
        sink(previous, n_previous, loaded, n, moved);
        set_loaded(cache, loaded, n - moved);
        set_previous(cache, previous, n_previous + moved);
    }
}

/* The same without the depot's lock; false: it is needed, because somebody closes the gates, or
 * larger magazines are due. */
static bool try_swap(struct cache *cache, struct round *floor) {
    struct round *ceiling = load_relaxed(&cache->ceiling);
    if (growth_due(cache)) {
        return false;
    }
    swap_magazines(cache);
    struct magazine *loaded = load_relaxed(&cache->loaded);
    return ceiling != NULL && swap_if_relaxed(&cache->floor, &floor, floor_now(cache)) &&
           swap_if_relaxed(&cache->ceiling, &ceiling, loaded->rounds + loaded->capacity);
}

bool cache_settle_get(struct thread *thread, struct cache *cache) {
    struct round *floor = load_relaxed(&cache->floor);
    struct magazine *loaded = load_relaxed(&cache->loaded);
    if (floor == CACHE_CLOSED || loaded == NULL) {
        return false;
    }
    if (load_relaxed(&cache->left) == 0) {
        tick(thread, cache);
        return true;
    }
    struct round *top = load_relaxed(&cache->top);
    if (top > floor) {
        return true;
    }
    if (top > loaded->rounds) {
        note_live(cache);
        return swap_if_relaxed(&cache->floor, &floor, floor_now(cache));
    }
    struct magazine *previous = load_relaxed(&cache->previous);
    return previous != NULL && load_relaxed(&previous->n) > 0 && try_swap(cache, floor);
}

bool cache_settle_put(struct cache *cache) {
    struct round *floor = load_relaxed(&cache->floor);
    if (floor == CACHE_CLOSED || load_relaxed(&cache->loaded) == NULL) {
        return false;
    }
    if (load_relaxed(&cache->top) < load_relaxed(&cache->ceiling)) {
        return true;
    }
    struct magazine *previous = load_relaxed(&cache->previous);
    return previous != NULL && load_relaxed(&previous->n) < previous->capacity &&
           try_swap(cache, floor);
}

/* ---- under the depot's lock ---------------------------------------------------------------- */

void cache_open_gates(struct cache *cache) {
    struct magazine *loaded = load_relaxed(&cache->loaded);
    store_relaxed(&cache->floor, floor_now(cache));
    store_relaxed(&cache->ceiling, loaded->rounds + loaded->capacity);
}

/* A magazine of the size that the pool's have now in the place of one with n rounds. */
static struct magazine *enlarge(struct depot *depot, struct magazine *magazine, uint32_t n) {
    if (magazine->capacity >= depot->target) {
        return magazine;
    }
    struct magazine *larger = depot_empty_magazine(depot);
    if (larger == NULL) {
        return magazine;
    }
    memcpy(larger->rounds, magazine->rounds, n * sizeof(struct round));
    magazine_destroy(magazine);
    return larger;
}

/* Many swaps: ask for larger magazines, and take them if there are to be any. */
static void grow(struct cache *cache, struct depot *depot) {
    struct magazine *loaded = load_relaxed(&cache->loaded);
    struct magazine *previous = load_relaxed(&cache->previous);
    uint32_t n = cache_loaded(cache), n_previous = load_relaxed(&previous->n);
    cache->swaps = 0;
    depot_note_swaps(depot, loaded->capacity);
    set_loaded(cache, enlarge(depot, loaded, n), n);
    set_previous(cache, enlarge(depot, previous, n_previous), n_previous);
}

static void swap_under_lock(struct cache *cache, struct depot *depot) {
    uint32_t n = cache_loaded(cache);
    if (growth_due(cache)) {
        grow(cache, depot);
    }
    if (n == 0 || n == load_relaxed(&cache->loaded)->capacity) {
        swap_magazines(cache);
    }
}

enum cache_verdict cache_bind(struct cache *cache, struct depot *depot) {
    if (load_relaxed(&depot->state) != DEPOT_ALIVE) {
        return CACHE_NO_DEPOT;
    }
    if (depot->uncached || depot->tight || depot->rounds_max == 0) {
        return CACHE_BYPASS;
    }
    store_relaxed(&cache->depot, depot);
    if (load_relaxed(&cache->loaded) == NULL) {
        struct magazine *loaded = depot_empty_magazine(depot);
        if (loaded == NULL) {
            return CACHE_BYPASS;
        }
        load_magazine(cache, loaded);
    }
    return CACHE_HIT;
}

/* Out of the slabs into an empty magazine; how many. */
static uint32_t carve(struct cache *cache, struct depot *depot, struct magazine *magazine) {
    uint32_t n = magazine->capacity;
    if (cache->resume != 0 && cache->resume < n) {
        n = cache->resume;
    }
    cache->resume = 0;
    return depot_carve(depot, magazine->rounds, n, true);
}

/* Both magazines are empty: get rounds from the depot, or carve. */
static bool refill_loaded(struct cache *cache, struct depot *depot) {
    struct magazine *magazine = depot_take_magazine(depot);
    if (magazine == NULL && park_settle(depot, false)) {
        magazine = depot_take_magazine(depot);
    }
    struct magazine *loaded = load_relaxed(&cache->loaded);
    struct magazine *previous = load_relaxed(&cache->previous);
    depot_note_exchange(depot);
    if (magazine == NULL) {
        if (loaded->capacity < depot->target) {
            magazine = depot_empty_magazine(depot);
        }
        if (magazine == NULL) {
            uint32_t n = carve(cache, depot, loaded);
            store_relaxed(&cache->top, loaded->rounds + n);
            bump_owned(&cache->filled, n);
            return n > 0;
        }
        store_relaxed(&magazine->n, carve(cache, depot, magazine));
    }
    if (previous != NULL) {
        depot_give_magazine(depot, previous);
    }
    set_previous(cache, loaded, 0);
    load_magazine(cache, magazine);
    bump_owned(&cache->filled, load_relaxed(&magazine->n));
    return load_relaxed(&magazine->n) > 0;
}

enum cache_verdict cache_refill(struct cache *cache, struct depot *depot, struct round *ret_round) {
    enum cache_verdict verdict = cache_bind(cache, depot);
    if (verdict != CACHE_HIT) {
        return verdict;
    }
    const struct magazine *previous = load_relaxed(&cache->previous);
    if (cache_loaded(cache) == 0) {
        if (previous != NULL && load_relaxed(&previous->n) > 0) {
            swap_under_lock(cache, depot);
        } else if (refill_loaded(cache, depot) ||
                   (park_settle(depot, true) && refill_loaded(cache, depot))) {
            PROBE2(mempool, refill, depot->pool, cache_loaded(cache));
        } else {
            cache_open_gates(cache);
            return CACHE_NOTHING;
        }
    }
    note_live(cache);
    struct round *top = load_relaxed(&cache->top) - 1;
    *ret_round = *top;
    cache_count_get(cache);
    store_relaxed(&cache->top, top);
    cache_open_gates(cache);
    return CACHE_HIT;
}

/* The loaded magazine is full: the previous one goes to the depot, an empty one comes. */
static bool change_full(struct cache *cache, struct depot *depot) {
    struct magazine *loaded = load_relaxed(&cache->loaded);
    struct magazine *previous = load_relaxed(&cache->previous);
    depot_note_exchange(depot);
    struct magazine *empty = depot_empty_magazine(depot);
    if (empty == NULL) {
        return false;
    }
    if (previous != NULL) {
        bump_owned(&cache->filled, 0 - (uint64_t)load_relaxed(&previous->n));
        depot_give_magazine(depot, previous);
    }
    set_previous(cache, loaded, cache_loaded(cache));
    load_magazine(cache, empty);
    return true;
}

enum cache_verdict cache_make_room(struct cache *cache, struct depot *depot, struct round round) {
    enum cache_verdict verdict = cache_bind(cache, depot);
    if (verdict != CACHE_HIT) {
        return verdict;
    }
    const struct magazine *loaded = load_relaxed(&cache->loaded);
    if (cache_loaded(cache) == loaded->capacity) {
        const struct magazine *previous = load_relaxed(&cache->previous);
        if (previous != NULL && load_relaxed(&previous->n) < previous->capacity) {
            swap_under_lock(cache, depot);
        } else if (!change_full(cache, depot)) {
            return CACHE_BYPASS;
        }
    }
    struct round *top = load_relaxed(&cache->top);
    *top = round;
    store_relaxed(&cache->top, top + 1);
    cache_open_gates(cache);
    return CACHE_HIT;
}

void cache_empty_out(struct cache *cache, struct depot *depot) {
    struct magazine *loaded = load_relaxed(&cache->loaded);
    struct magazine *previous = load_relaxed(&cache->previous);
    uint32_t parked = load_relaxed(&cache->parked_n);
    bump_owned(&cache->filled, 0 - (uint64_t)(cache_rounds(cache) - parked));
    if (loaded != NULL) {
        store_relaxed(&loaded->n, cache_loaded(cache));
        store_relaxed(&cache->loaded, NULL);
        store_relaxed(&cache->top, NULL);
        depot_give_magazine(depot, loaded);
    }
    set_previous(cache, NULL, 0);
    if (previous != NULL) {
        depot_give_magazine(depot, previous);
    }
    park_hand_in(cache, depot);
}

void cache_return(struct cache *cache, struct depot *depot) {
    cache_empty_out(cache, depot);
    uint64_t gets = cache_gets(cache);
    bump_owned(&depot->gets, gets);
    bump_owned(&depot->puts, cache_puts(cache, 0, gets));
    /* Zero, so that the place serves the next pool of this number. */
    store_relaxed(&cache->ceiling, NULL);
    store_relaxed(&cache->floor, NULL);
    store_relaxed(&cache->left, 0);
    store_relaxed(&cache->interval, 0);
    store_relaxed(&cache->gets_before, 0);
    store_relaxed(&cache->filled, 0);
    cache->swaps = 0;
    cache->resume = 0;
    cache->sampling = (struct sample_countdown){.flags = 0};
    store_relaxed(&cache->depot, NULL);
}

void cache_drop_top(struct cache *cache) {
    store_relaxed(&cache->top, load_relaxed(&cache->top) - 1);
}
