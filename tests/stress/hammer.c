/* SPDX-License-Identifier: MIT */
/* Threads get, hand over and put at full speed; others meanwhile look at everything, trim, and
 * create and destroy pools. Nothing may have two owners, and at the end the books are exact. */
#include "check.h"
#include "pools.h"
#include "rng.h"
#include "scale.h"
#include "stamp.h"
#include "threads.h"

#include <mempool/misuse.h>

#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { N_WORKERS = 4, N_POOLS = 6, N_SHARED = 64, HELD_MAX = 200 };

static const size_t object_bytes[N_POOLS] = {16, 64, 200, 1024, 4096, 12120};

static struct mempool *pools[N_POOLS];
static void *_Atomic shared[N_SHARED]; /* where workers swap objects with each other */
static size_t n_steps;
static atomic_bool is_over;

struct worker {
    struct rng rng;
    void *held[HELD_MAX];
    size_t n_held;
    uint64_t n_got, n_put;
};

static void get_one(struct worker *worker) {
    size_t pool_idx = rng_below(&worker->rng, N_POOLS);
    if (worker->n_held < HELD_MAX) {
        void *object = mempool_get(pools[pool_idx]);
        CHECK(object != NULL);
        stamp_set(object, pool_idx);
        worker->held[worker->n_held++] = object;
        worker->n_got++;
    }
}

static void put_object(struct worker *worker, void *object) {
    stamp_take(object);
    mempool_put(object);
    worker->n_put++;
}

static void swap_one(struct worker *worker) {
    if (worker->n_held > 0) {
        void *_Atomic *place = &shared[rng_below(&worker->rng, N_SHARED)];
        void *own = worker->held[--worker->n_held];
        void *other = atomic_exchange_explicit(place, own, memory_order_acq_rel);
        if (other != NULL) {
            put_object(worker, other);
        }
    }
}

static void *work(void *argument) {
    struct worker *worker = argument;
    for (size_t i = 0; i < n_steps; i++) {
        unsigned dice = (unsigned)rng_below(&worker->rng, 8);
        if (dice < 4) {
            get_one(worker);
        } else if (dice < 6 && worker->n_held > 0) {
            put_object(worker, worker->held[--worker->n_held]);
        } else {
            swap_one(worker);
        }
    }
    while (worker->n_held > 0) {
        put_object(worker, worker->held[--worker->n_held]);
    }
    return NULL;
}

static int look_at(void *object, const struct mempool_description *description, void *unused) {
    (void)unused;
    CHECK(description->object == object && description->pool != NULL);
    return 0;
}

static int look_at_pool(struct mempool *pool, void *unused) {
    struct mempool_stats stats = {.struct_size = sizeof stats};
    (void)unused;
    mempool_stats(pool, &stats); /* the pool may be gone by now */
    return 0;
}

/* Reads everything while it changes. */
static void *observe(void *unused) {
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    struct mempool_description description = {.struct_size = sizeof description};
    for (size_t i = 0; !atomic_load_explicit(&is_over, memory_order_acquire); i++) {
        struct mempool *pool = pools[i % N_POOLS];
        struct mempool_stats stats = pool_stats(pool);
        CHECK_EQUAL(stats.object_bytes, object_bytes[i % N_POOLS]);
        CHECK(stats.hot < ((uint64_t)1 << 40) && stats.cold < ((uint64_t)1 << 40));
        mempool_walk(pool, look_at, NULL);
        mempool_list(look_at_pool, NULL);
        CHECK(mempool_dump(fd) == 0);
        void *object = atomic_load_explicit(&shared[i % N_SHARED], memory_order_acquire);
        CHECK(mempool_describe(object, &description) == 0);
        mempool_trim(i % 16 == 0 ? NULL : pool);
        sched_yield();
    }
    close(fd);
    return unused;
}

static void *create_and_destroy(void *unused) {
    for (size_t i = 0; !atomic_load_explicit(&is_over, memory_order_acquire); i++) {
        size_t bytes = 16 + i * 37 % 3000;
        struct mempool *pool = pool_of_options(
            &NAMED_POOL_OPTIONS("passing", .object_bytes = bytes, .count = i % 50));
        void *objects[60];
        CHECK_EQUAL(mempool_get_bulk(pool, objects, 60), 60);
        for (size_t j = 0; j < 60; j++) {
            stamp_set(objects[j], j);
        }
        for (size_t j = 0; j < 60; j++) {
            CHECK_EQUAL(stamp_take(objects[j]), j);
        }
        mempool_put_bulk(objects, 60);
        CHECK_EQUAL(mempool_destroy(pool), 0);
    }
    return unused;
}

/* After the last put: nothing live, nothing lost. */
static void check_end(const struct worker *workers, uint64_t n_put_by_main) {
    uint64_t n_got = 0, n_put = n_put_by_main, n_got_counted = 0, n_put_counted = 0;
    for (size_t i = 0; i < N_WORKERS; i++) {
        n_got += workers[i].n_got;
        n_put += workers[i].n_put;
    }
    mempool_thread_flush();
    mempool_trim(NULL);
    for (size_t i = 0; i < N_POOLS; i++) {
        struct mempool_stats stats = pool_stats(pools[i]);
        n_got_counted += stats.alloc_count;
        n_put_counted += stats.put_count;
        CHECK_EQUAL(stats.hot, 0);
        CHECK_EQUAL(stats.slabs, 0);
        CHECK_EQUAL(stats.cached, 0);
        CHECK_EQUAL(mempool_destroy(pools[i]), 0);
    }
    CHECK_EQUAL(n_got_counted, n_got);
    CHECK_EQUAL(n_put_counted, n_put);
    CHECK_EQUAL(n_put, n_got);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 0);
}

int main(void) {
    static struct worker workers[N_WORKERS];
    pthread_t threads[N_WORKERS];
    uint64_t seed = rng_seed(), n_put_by_main = 0;
    n_steps = test_scaled(5000000);
    watchdog_set(test_runtime_is_plain() ? 110 : 600);
    for (size_t i = 0; i < N_POOLS; i++) {
        pools[i] = pool_of(object_bytes[i]);
    }
    pthread_t observer = thread_start(observe, NULL);
    pthread_t creator = thread_start(create_and_destroy, NULL);
    for (size_t i = 0; i < N_WORKERS; i++) {
        workers[i].rng.state = seed + i;
        threads[i] = thread_start(work, &workers[i]);
    }
    for (size_t i = 0; i < N_WORKERS; i++) {
        thread_join(threads[i]);
    }
    atomic_store_explicit(&is_over, true, memory_order_release);
    thread_join(observer);
    thread_join(creator);
    for (size_t i = 0; i < N_SHARED; i++) {
        if (shared[i] != NULL) {
            stamp_take(shared[i]);
            mempool_put(shared[i]);
            n_put_by_main++;
        }
    }
    check_end(workers, n_put_by_main);
    return 0;
}
