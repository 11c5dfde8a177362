/* SPDX-License-Identifier: MIT */
/* The slowest of many calls, compiled once per kind of peer. Included by bench/cases_template.h. */

/*
 * THEORY
 *
 * A server's requests come in bursts. Each takes up to some thousand blocks of 16 bytes to 16 KiB,
 * most of them small, and gives all back, in the order of its allocations or in the reverse. So
 * caches fill and run dry, memory is asked for and goes back. Each malloc and each free is timed
 * alone, the clock's own time included; what counts is what one in so many exceeds.
 */

#include "bench/tail.h"
#include "bench/worker.h"

#include <errno.h>

enum { TAIL_SHORTEST_SHIFT = 4, TAIL_DOUBLINGS = 10 };

/* Half of the sizes are below 32 bytes, a quarter below 64, and so on. */
static inline size_t tail_bytes(uint64_t random) {
    unsigned doubling = (unsigned)__builtin_ctzll(random | (uint64_t)1 << (TAIL_DOUBLINGS - 1));
    size_t shortest = (size_t)1 << (TAIL_SHORTEST_SHIFT + doubling);
    return shortest + (size_t)(random >> 32) % shortest;
}

static void *tail_allocate(struct tail *tail, uint64_t random) {
    uint64_t before = worker_now_ns();
    void *block = peer_malloc(hot_site, tail_bytes(random));
    tail_note(tail, worker_now_ns() - before);
    if (__builtin_expect(block == NULL, 0)) {
        worker_give_up(-ENOMEM, "a malloc returned NULL");
    }
    *(volatile uint64_t *)block = random;
    return block;
}

static void tail_free(struct tail *tail, void *block) {
    uint64_t before = worker_now_ns();
    peer_free(block);
    tail_note(tail, worker_now_ns() - before);
}

static void tail_burst(struct work *work, struct tail *tail) {
    size_t n = 1 + (size_t)random_below(&work->random, work->test->live);
    bool last_first = (random_next(&work->random) & 1) != 0;
    for (size_t i = 0; i < n; i++) {
        work->objects[i] = tail_allocate(tail, random_next(&work->random));
    }
    for (size_t i = 0; i < n; i++) {
        tail_free(tail, work->objects[last_first ? n - 1 - i : i]);
    }
}

static double measure_tail(struct work *work, uint64_t target_ns) {
    static struct tail tail;
    uint64_t begin = worker_now_ns();
    tail = (struct tail){.n = 0};
    do {
        tail_burst(work, &tail);
    } while (worker_now_ns() - begin < target_ns || tail.n < work->test->one_in);
    return tail_exceeded(&tail, work->test->one_in);
}
