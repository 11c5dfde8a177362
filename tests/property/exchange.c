/* SPDX-License-Identifier: MIT */
/* Random operations on several threads that hand objects to each other; whenever all of them rest,
 * the books must be exact. In the second half, threads end and new ones go on with their work. */
#include "exchange.h"

#include "check.h"
#include "crew.h"
#include "live_set.h"
#include "pattern.h"
#include "pools.h"
#include "rng.h"
#include "scale.h"

#include <errno.h>

enum { N_THREADS = 4, N_POOLS = 7, HELD_MAX = 300, BULK = 24, N_ROUNDS = 10 };

/* What one thread holds and has done; a later thread may go on with it. */
struct worker {
    struct rng rng;
    struct parcel held[HELD_MAX];
    size_t n_held;
    uint64_t n_got[N_POOLS], n_put[N_POOLS], n_refused[N_POOLS];
};

static const struct {
    size_t object_bytes, count, limit;
    enum mempool_on_empty on_empty;
    unsigned flags;
} shapes[N_POOLS] = {
    {64, 0, 0, MEMPOOL_GROW, 0},
    {1864, 100, 0, MEMPOOL_GROW, 0},
    {12120, 0, 0, MEMPOOL_GROW, 0},
    {48, 10, 200, MEMPOOL_GROW, 0},
    {96, 64, 0, MEMPOOL_FAIL, 0},
    {200, 50, 0, MEMPOOL_HEAP, 0},
    {32, 0, 0, MEMPOOL_GROW, MEMPOOL_UNCACHED},
};

static struct mempool *pools[N_POOLS];
static struct worker workers[N_THREADS];
static struct exchange exchange = EXCHANGE_EMPTY;
static size_t n_steps;

static void note_got(struct worker *worker, size_t pool_idx, void *object) {
    struct parcel parcel = {object, rng_next(&worker->rng), pool_idx};
    pattern_fill(object, shapes[pool_idx].object_bytes, parcel.key);
    worker->held[worker->n_held++] = parcel;
    worker->n_got[pool_idx]++;
}

static void step_get(struct worker *worker) {
    size_t pool_idx = rng_below(&worker->rng, N_POOLS);
    if (worker->n_held == HELD_MAX) {
        return;
    }
    errno = 0;
    void *object = mempool_get(pools[pool_idx]);
    if (object != NULL) {
        note_got(worker, pool_idx, object);
    } else {
        CHECK(errno == ENOMEM);
        CHECK(shapes[pool_idx].limit != 0 || shapes[pool_idx].on_empty == MEMPOOL_FAIL);
        worker->n_refused[pool_idx]++;
    }
}

static void step_get_bulk(struct worker *worker) {
    size_t pool_idx = rng_below(&worker->rng, 3); /* those that never refuse */
    void *objects[BULK];
    if (worker->n_held + BULK <= HELD_MAX) {
        CHECK_EQUAL(mempool_get_bulk(pools[pool_idx], objects, BULK), BULK);
        for (size_t i = 0; i < BULK; i++) {
            note_got(worker, pool_idx, objects[i]);
        }
    }
}

static struct parcel take(struct worker *worker) {
    size_t nth = rng_below(&worker->rng, worker->n_held);
    struct parcel parcel = worker->held[nth];
    worker->held[nth] = worker->held[--worker->n_held];
    return parcel;
}

static void *take_to_put(struct worker *worker) {
    struct parcel parcel = take(worker);
    CHECK(pattern_intact(parcel.object, shapes[parcel.pool_idx].object_bytes, parcel.key));
    CHECK(mempool_of(parcel.object) == pools[parcel.pool_idx]);
    worker->n_put[parcel.pool_idx]++;
    return parcel.object;
}

static void step_put_bulk(struct worker *worker) {
    void *objects[BULK];
    if (worker->n_held >= BULK) {
        for (size_t i = 0; i < BULK; i++) {
            objects[i] = take_to_put(worker);
        }
        mempool_put_bulk(objects, BULK);
    }
}

static void step_exchange(struct worker *worker) {
    struct parcel parcel;
    if (worker->n_held > 0 && rng_chance(&worker->rng, 50)) {
        parcel = take(worker);
        if (!exchange_leave(&exchange, parcel)) {
            worker->held[worker->n_held++] = parcel;
        }
    } else if (worker->n_held < HELD_MAX && exchange_fetch(&exchange, &parcel)) {
        worker->held[worker->n_held++] = parcel;
    }
}

static void work(size_t nth) {
    struct worker *worker = &workers[nth];
    for (size_t i = 0; i < n_steps; i++) {
        unsigned dice = (unsigned)rng_below(&worker->rng, 1000);
        if (dice < 380) {
            step_get(worker);
        } else if (dice < 760 && worker->n_held > 0) {
            mempool_put(take_to_put(worker));
        } else if (dice < 775) {
            step_get_bulk(worker);
        } else if (dice < 790) {
            step_put_bulk(worker);
        } else if (dice < 995) {
            step_exchange(worker);
        } else if (dice < 998) {
            mempool_thread_flush();
        } else {
            mempool_trim(pools[rng_below(&worker->rng, N_POOLS)]);
        }
    }
}

/* One pool's counters, summed over the threads. */
struct sums {
    uint64_t n_got, n_put, n_refused;
};

static struct sums sum_workers(size_t pool_idx) {
    struct sums sums = {0};
    for (size_t i = 0; i < N_THREADS; i++) {
        sums.n_got += workers[i].n_got[pool_idx];
        sums.n_put += workers[i].n_put[pool_idx];
        sums.n_refused += workers[i].n_refused[pool_idx];
    }
    return sums;
}

/* Everything that is live according to the threads' own lists. */
static size_t collect_live(size_t pool_idx, void **addresses) {
    size_t n = 0;
    for (size_t i = 0; i < N_THREADS; i++) {
        for (size_t j = 0; j < workers[i].n_held; j++) {
            if (workers[i].held[j].pool_idx == pool_idx) {
                addresses[n++] = workers[i].held[j].object;
            }
        }
    }
    for (size_t i = 0; i < exchange.n_parcels; i++) {
        size_t place = (exchange.first + i) % EXCHANGE_PLACES;
        if (exchange.parcels[place].pool_idx == pool_idx) {
            addresses[n++] = exchange.parcels[place].object;
        }
    }
    return n;
}

static void check_books(void) {
    static void *addresses[N_THREADS * HELD_MAX + EXCHANGE_PLACES];
    for (size_t i = 0; i < N_POOLS; i++) {
        struct mempool_stats stats = pool_stats(pools[i]);
        size_t n_live = collect_live(i, addresses);
        CHECK_EQUAL(stats.hot + stats.curr_stdalloc, n_live);
        struct sums sums = sum_workers(i);
        CHECK_EQUAL(stats.alloc_count, sums.n_got);
        CHECK_EQUAL(stats.put_count, sums.n_put);
        CHECK_EQUAL(stats.refused, sums.n_refused);
        CHECK(stats.max_alloc >= stats.hot);
        CHECK(stats.cached + stats.depot <= stats.cold);
        if (shapes[i].on_empty == MEMPOOL_FAIL) {
            CHECK_EQUAL(stats.hot + stats.cold, shapes[i].count);
        }
        CHECK(stats.limit == 0 || stats.max_alloc <= stats.limit);
        live_set_check(pools[i], addresses, n_live, shapes[i].object_bytes);
    }
}

static void end_all(void) {
    static void *addresses[N_THREADS * HELD_MAX + EXCHANGE_PLACES];
    for (size_t i = 0; i < N_POOLS; i++) {
        mempool_put_bulk(addresses, collect_live(i, addresses));
        CHECK_EQUAL(pool_live(pools[i]), 0);
        mempool_thread_flush();
        mempool_trim(pools[i]);
        CHECK_EQUAL(pool_stats(pools[i]).cached, 0);
        CHECK_EQUAL(mempool_destroy(pools[i]), 0);
    }
}

int main(void) {
    uint64_t seed = rng_seed();
    watchdog_set(test_runtime_is_plain() ? 120 : 600);
    for (size_t i = 0; i < N_THREADS; i++) {
        workers[i].rng.state = seed + i;
    }
    for (size_t i = 0; i < N_POOLS; i++) {
        pools[i] = pool_of_options(&POOL_OPTIONS(
            .object_bytes = shapes[i].object_bytes, .count = shapes[i].count,
            .limit = shapes[i].limit, .on_empty = shapes[i].on_empty, .flags = shapes[i].flags));
    }
    n_steps = test_scaled(10000);
    const struct crew crew = {N_THREADS, N_ROUNDS, work, check_books};
    crew_run_resting(&crew);
    crew_run_ending(&crew);
    end_all();
    return 0;
}
