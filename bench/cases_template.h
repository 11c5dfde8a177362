/* SPDX-License-Identifier: MIT */
/* The cases, compiled once per kind of peer so that every get and put is a plain call. */

/*
 * THEORY
 *
 * Included by each worker_*.c once, after it has defined, as static inline functions over its own
 * pointer type `peer_pool`:
 *
 *     int   peer_open(peer_pool *ret, size_t object_bytes, size_t count)    0 or a negative errno
 *     void  peer_close(peer_pool pool)
 *     void *peer_get(peer_pool pool)               void *peer_get0(peer_pool pool)
 *     void  peer_put(peer_pool pool, void *object)
 *     size_t peer_get_bulk(peer_pool pool, void **objects, size_t n)
 *     void   peer_put_bulk(peer_pool pool, void *const *objects, size_t n)
 *
 * and for its heap, whose sites are of a pointer type `peer_site`,
 *
 *     peer_site peer_site_open(const char *name)     "component:type"; NULL with errno
 *     void  peer_enter(struct replay_worker *worker, peer_site site)
 *           be where the site is, before an allocation; worker->own may tell where that was last
 *     void *peer_malloc(peer_site site, size_t bytes)
 *     void *peer_calloc(peer_site site, size_t bytes)
 *     void *peer_realloc(void *block, size_t bytes)
 *     void  peer_free(void *block)
 *
 * (a peer without a heap includes bench/no_heap.h for these). PEER_HAS_HEAP says whether there is
 * one. Where PEER_GET_AND_CLEAR is defined there is peer_get_and_clear: a second way to a zeroed
 * object, of which the faster counts (malloc and memset beside calloc); and PEER_THREAD_START() and
 * PEER_THREAD_STOP() where a thread must do more than begin and end.
 *
 * Every object got is written to (its first 8 bytes), as any user would, and checked for NULL.
 * `count` is the most that a case has live: pools that must know it in advance are told.
 */

#ifndef PEER_THREAD_START
#define PEER_THREAD_START() ((void)0)
#define PEER_THREAD_STOP() ((void)0)
#endif

#ifndef PEER_HAS_HEAP
#define PEER_HAS_HEAP 1
#endif

#include "bench/random.h"
#include "bench/replay_template.h"
#include "bench/ring.h"
#include "bench/worker.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#define CLOCK_EVERY ((size_t)32) /* batches between the producer's looks at the clock */

static peer_pool pools[REQUEST_OBJECTS];

static inline void *take(peer_pool pool) {
    void *object = peer_get(pool);
    if (__builtin_expect(object == NULL, 0)) {
        worker_give_up(-ENOMEM, "a get returned NULL");
    }
    *(volatile uint64_t *)object = (uint64_t)(uintptr_t)object;
    return object;
}

/* --- get and put of one size --- */

static void loop_lifo_1(struct work *work, uint64_t repetitions) {
    (void)work;
    peer_pool pool = pools[0];
    for (uint64_t i = 0; i < repetitions; i++) {
        peer_put(pool, take(pool));
    }
}

static void loop_lifo_8(struct work *work, uint64_t repetitions) {
    (void)work;
    peer_pool pool = pools[0];
    void *objects[8];
    for (uint64_t i = 0; i < repetitions; i++) {
        for (size_t j = 0; j < 8; j++) {
            objects[j] = take(pool);
        }
        for (size_t j = 8; j-- > 0;) {
            peer_put(pool, objects[j]);
        }
    }
}

static void loop_fifo(struct work *work, uint64_t repetitions) {
    peer_pool pool = pools[0];
    void **objects = work->objects;
    size_t live = work->test->live;
    for (uint64_t i = 0; i < repetitions; i++) {
        for (size_t j = 0; j < live; j++) {
            objects[j] = take(pool);
        }
        for (size_t j = 0; j < live; j++) {
            peer_put(pool, objects[j]);
        }
    }
}

static void loop_random(struct work *work, uint64_t repetitions) {
    peer_pool pool = pools[0];
    void **objects = work->objects;
    for (uint64_t i = 0; i < repetitions; i++) {
        const uint16_t *shuffle = work->shuffles[work->turn++ % SHUFFLES];
        for (size_t j = 0; j < SHUFFLE_OBJECTS; j++) {
            objects[j] = take(pool);
        }
        for (size_t j = 0; j < SHUFFLE_OBJECTS; j++) {
            peer_put(pool, objects[shuffle[j]]);
        }
    }
}

/* --- the heap --- */

static peer_site hot_site;

static void loop_heap_lifo(struct work *work, uint64_t repetitions) {
    size_t bytes = work->test->object_bytes;
    peer_site site = hot_site;
    for (uint64_t i = 0; i < repetitions; i++) {
        void *block = peer_malloc(site, bytes);
        if (__builtin_expect(block == NULL, 0)) {
            worker_give_up(-ENOMEM, "a malloc returned NULL");
        }
        *(volatile uint64_t *)block = i;
        peer_free(block);
    }
}

/* As a module does: it is entered once, and then allocates. */
static int open_hot_site(void) {
    static struct replay_worker alone;
    hot_site = peer_site_open("bench:block");
    if (hot_site == NULL) {
        return -errno;
    }
    peer_enter(&alone, hot_site);
    return 0;
}

/* --- requests of six objects --- */

static void loop_six_pools(struct work *work, uint64_t repetitions) {
    (void)work;
    void *objects[REQUEST_OBJECTS];
    for (uint64_t i = 0; i < repetitions; i++) {
        for (size_t j = 0; j < REQUEST_OBJECTS; j++) {
            objects[j] = take(pools[j]);
        }
        for (size_t j = REQUEST_OBJECTS; j-- > 0;) {
            peer_put(pools[j], objects[j]);
        }
    }
}

static void loop_in_flight(struct work *work, uint64_t repetitions) {
    for (uint64_t i = 0; i < repetitions; i++) {
        size_t choice = work->choices[work->turn++ % IN_FLIGHT_CHOICES];
        void **objects = work->objects + choice * REQUEST_OBJECTS;
        for (size_t j = REQUEST_OBJECTS; j-- > 0;) {
            peer_put(pools[j], objects[j]);
        }
        for (size_t j = 0; j < REQUEST_OBJECTS; j++) {
            objects[j] = take(pools[j]);
        }
    }
}

/* --- bulk, replacement, zeroed --- */

static void loop_bulk(struct work *work, uint64_t repetitions) {
    (void)work;
    peer_pool pool = pools[0];
    void *objects[BULK_OBJECTS];
    for (uint64_t i = 0; i < repetitions; i++) {
        if (peer_get_bulk(pool, objects, BULK_OBJECTS) != BULK_OBJECTS) {
            worker_give_up(-ENOMEM, "a bulk get returned too few objects");
        }
        for (size_t j = 0; j < BULK_OBJECTS; j++) {
            *(volatile uint64_t *)objects[j] = j;
        }
        peer_put_bulk(pool, objects, BULK_OBJECTS);
    }
}

static void loop_one_by_one(struct work *work, uint64_t repetitions) {
    (void)work;
    peer_pool pool = pools[0];
    void *objects[BULK_OBJECTS];
    for (uint64_t i = 0; i < repetitions; i++) {
        for (size_t j = 0; j < BULK_OBJECTS; j++) {
            objects[j] = take(pool);
        }
        for (size_t j = 0; j < BULK_OBJECTS; j++) {
            peer_put(pool, objects[j]);
        }
    }
}

static void loop_replace(struct work *work, uint64_t repetitions) {
    peer_pool pool = pools[0];
    void **objects = work->objects;
    size_t live = work->test->live;
    for (uint64_t i = 0; i < repetitions; i++) {
        /* The new one first: put first, and the same memory would come straight back. */
        void **place = &objects[random_below(&work->random, live)];
        void *fresh = take(pool);
        peer_put(pool, *place);
        *place = fresh;
    }
}

static void loop_get0(struct work *work, uint64_t repetitions) {
    (void)work;
    peer_pool pool = pools[0];
    for (uint64_t i = 0; i < repetitions; i++) {
        void *object = peer_get0(pool);
        if (__builtin_expect(object == NULL, 0)) {
            worker_give_up(-ENOMEM, "a zeroed get returned NULL");
        }
        *(volatile uint64_t *)object = i;
        peer_put(pool, object);
    }
}

#ifdef PEER_GET_AND_CLEAR
static void loop_get_and_clear(struct work *work, uint64_t repetitions) {
    (void)work;
    peer_pool pool = pools[0];
    for (uint64_t i = 0; i < repetitions; i++) {
        void *object = peer_get_and_clear(pool);
        if (__builtin_expect(object == NULL, 0)) {
            worker_give_up(-ENOMEM, "a get returned NULL");
        }
        *(volatile uint64_t *)object = i;
        peer_put(pool, object);
    }
}

static double measure_get0(struct work *work, uint64_t target_ns) {
    double cleared = worker_measure_loop(work, loop_get_and_clear, 1, target_ns / 2);
    double zeroed = worker_measure_loop(work, loop_get0, 1, target_ns / 2);
    return cleared < zeroed ? cleared : zeroed;
}
#else
static double measure_get0(struct work *work, uint64_t target_ns) {
    return worker_measure_loop(work, loop_get0, 1, target_ns);
}
#endif

/* --- two threads --- */

/* What the consuming thread is told. */
struct consumer {
    struct ring *ring;
    int cpu;
    uint64_t sum; /* of what it read: keeps the reads */
};

static void *consume(void *arg) {
    struct consumer *consumer = arg;
    peer_pool pool = pools[0];
    void *objects[RING_BATCH];
    worker_pin(consumer->cpu);
    PEER_THREAD_START();
    for (size_t n = ring_empty(consumer->ring, objects); n > 0;
         n = ring_empty(consumer->ring, objects)) {
        for (size_t i = 0; i < n; i++) {
            consumer->sum += *(const volatile uint64_t *)objects[i];
            peer_put(pool, objects[i]);
        }
    }
    PEER_THREAD_STOP();
    return NULL;
}

static void produce(struct ring *ring, size_t batches) {
    peer_pool pool = pools[0];
    void *objects[RING_BATCH];
    for (size_t i = 0; i < batches; i++) {
        for (size_t j = 0; j < RING_BATCH; j++) {
            objects[j] = take(pool);
        }
        ring_fill(ring, objects);
    }
}

static double measure_producer_consumer(struct work *work, uint64_t target_ns) {
    static struct ring ring;
    memset(&ring, 0, sizeof(ring));
    struct consumer consumer = {.ring = &ring, .cpu = work->cpus[1]};
    pthread_t thread;
    if (pthread_create(&thread, NULL, consume, &consumer) != 0) {
        worker_give_up(-EAGAIN, "the consumer thread could not be started");
    }
    /* Past the thread's start, which is not what is measured. */
    produce(&ring, 4 * RING_SLOTS / RING_BATCH);
    size_t batches = 0;
    uint64_t begin = worker_now_ns();
    while (worker_now_ns() - begin < target_ns) {
        produce(&ring, CLOCK_EVERY);
        batches += CLOCK_EVERY;
    }
    ring_close(&ring);
    (void)pthread_join(thread, NULL);
    return (double)(worker_now_ns() - begin) / (double)(batches * RING_BATCH);
}

/* --- many threads --- */

#include "bench/crowd_template.h"

/* --- the slowest calls --- */

#include "bench/tail_template.h"

/* --- resident memory --- */

static double measure_resident_live(struct work *work) {
    const struct bench_case *test = work->test;
    size_t before = worker_resident_bytes();
    if (peer_open(&pools[0], test->object_bytes, test->live) != 0) {
        worker_give_up(-ENOMEM, "the pool could not be made");
    }
    for (size_t i = 0; i < test->live; i++) {
        work->objects[i] = take(pools[0]);
    }
    return (double)(worker_resident_bytes() - before) / (double)(test->live * test->object_bytes);
}

static double measure_many_pools(struct work *work, int one_live) {
    const struct bench_case *test = work->test;
    peer_pool *many = worker_map(test->live * sizeof(*many));
    size_t before = worker_resident_bytes();
    for (size_t i = 0; i < test->live; i++) {
        if (peer_open(&many[i], test->object_bytes, 0) != 0) {
            worker_give_up(-ENOMEM, "a pool could not be made");
        }
    }
    for (size_t i = 0; one_live && i < test->live; i++) {
        work->objects[i] = take(many[i]);
    }
    return (double)(worker_resident_bytes() - before) / (double)test->live / 1024.0;
}
/* --- the worker's side --- */

static int open_request_pools(size_t requests) {
    int status = 0;
    for (size_t i = 0; status == 0 && i < REQUEST_OBJECTS; i++) {
        status = peer_open(&pools[i], request_object_bytes[i], requests);
    }
    return status;
}

static int prepare_pools(struct work *work) {
    const struct bench_case *test = work->test;
    if (test->kind == CASE_SIX_POOLS || test->kind == CASE_IN_FLIGHT ||
        test->group == GROUP_CROWD || test->kind == CASE_RESIDENT_CROWD) {
        return open_request_pools(test->live);
    }
    /* One more than live: a replacement gets before it puts. The ring's two ends hold more. */
    size_t count = test->live + 1;
    if (test->kind == CASE_PRODUCER_CONSUMER) {
        count = RING_SLOTS + 2 * RING_BATCH;
    }
    return peer_open(&pools[0], test->object_bytes, count);
}

int case_prepare(struct work *work) {
    const struct bench_case *test = work->test;
    if (case_uses_heap(test) && !PEER_HAS_HEAP) {
        return -ENOTSUP;
    }
    if (case_replays(test)) {
        return replay_prepare(work);
    }
    if (test->kind == CASE_HEAP_LIFO || test->kind == CASE_TAIL) {
        return open_hot_site();
    }
    if (test->group == GROUP_RESIDENT && test->kind != CASE_RESIDENT_CROWD) {
        return 0; /* the pools are part of what is measured */
    }
    int status = prepare_pools(work);
    if (status == 0 && test->kind == CASE_REPLACE) {
        for (size_t i = 0; i < test->live; i++) {
            work->objects[i] = take(pools[0]);
        }
    }
    if (status == 0 && test->kind == CASE_IN_FLIGHT) {
        for (size_t i = 0; i < test->live * REQUEST_OBJECTS; i++) {
            work->objects[i] = take(pools[i % REQUEST_OBJECTS]);
        }
    }
    return status;
}

double case_measure(struct work *work, uint64_t target_ns) {
    /* The loops, and the pairs of get and put in one repetition (0: as many as are live). */
    static const struct {
        work_loop loop;
        uint64_t pairs;
    } loops[] = {
        [CASE_LIFO_1] = {loop_lifo_1, 1},
        [CASE_LIFO_8] = {loop_lifo_8, 8},
        [CASE_FIFO] = {loop_fifo, 0},
        [CASE_RANDOM] = {loop_random, SHUFFLE_OBJECTS},
        [CASE_SIX_POOLS] = {loop_six_pools, REQUEST_OBJECTS},
        [CASE_IN_FLIGHT] = {loop_in_flight, REQUEST_OBJECTS},
        [CASE_BULK] = {loop_bulk, BULK_OBJECTS},
        [CASE_ONE_BY_ONE] = {loop_one_by_one, BULK_OBJECTS},
        [CASE_REPLACE] = {loop_replace, 1},
        [CASE_HEAP_LIFO] = {loop_heap_lifo, 1},
    };
    const struct bench_case *test = work->test;
    switch (test->kind) {
    case CASE_GET0:
        return measure_get0(work, target_ns);
    case CASE_PRODUCER_CONSUMER:
        return measure_producer_consumer(work, target_ns);
    case CASE_CROWD:
        return measure_crowd(work, target_ns);
    case CASE_RESIDENT_CROWD:
        return measure_resident_crowd(work);
    case CASE_TAIL:
        return measure_tail(work, target_ns);
    case CASE_REPLAY:
    case CASE_HEAP_REPLAY:
    case CASE_RESIDENT_REPLAY:
    case CASE_RESIDENT_HEAP:
        return replay_measure(work, target_ns);
    case CASE_RESIDENT_LIVE:
        return measure_resident_live(work);
    case CASE_POOL_IDLE:
    case CASE_POOL_ONE_LIVE:
        return measure_many_pools(work, test->kind == CASE_POOL_ONE_LIVE);
    default:
        return worker_measure_loop(work, loops[test->kind].loop,
                                   loops[test->kind].pairs > 0 ? loops[test->kind].pairs
                                                               : (uint64_t)test->live,
                                   target_ns);
    }
}
