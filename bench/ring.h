/* SPDX-License-Identifier: MIT */
/* A bounded ring of pointers from one thread to one other, filled and emptied in batches. */
#ifndef BENCH_RING_H
#define BENCH_RING_H

#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>

#define RING_SLOTS ((size_t)1024) /* a power of two */
#define RING_BATCH ((size_t)32)   /* divides RING_SLOTS */
#define RING_SPINS 4096           /* looks before the CPU is given away */
#define RING_LINE_BYTES 128       /* two cache lines: neighbours are prefetched in pairs */

struct ring {
    /* producer's */
    _Alignas(RING_LINE_BYTES) _Atomic size_t filled; /* slots ever filled; written by producer */
    size_t seen_emptied;                             /* producer's last look at `emptied` */
    /* consumer's */
    _Alignas(RING_LINE_BYTES) _Atomic size_t emptied; /* slots ever emptied; by consumer */
    size_t seen_filled;                               /* consumer's last look at `filled` */
    /* both */
    _Alignas(RING_LINE_BYTES) _Atomic int closed; /* producer: nothing follows */
    void *slots[RING_SLOTS];
};

#if defined(__x86_64__) || defined(__i386__)
#define ring_relax() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define ring_relax() __asm__ volatile("yield")
#else
#define ring_relax() atomic_signal_fence(memory_order_seq_cst)
#endif

/* Look again soon; after many looks let another thread run: it may be the one waited for. */
static inline void ring_wait(unsigned *spins) {
    if (++*spins % RING_SPINS == 0) {
        (void)sched_yield();
    } else {
        ring_relax();
    }
}

/* Producer: append RING_BATCH pointers, waiting for room. */
static inline void ring_fill(struct ring *ring, void *const *objects) {
    size_t filled = atomic_load_explicit(&ring->filled, memory_order_relaxed);
    unsigned spins = 0;
    while (filled + RING_BATCH - ring->seen_emptied > RING_SLOTS) {
        /* A1 pairs with R1 in ring_empty: the slots have been read */
        ring->seen_emptied = atomic_load_explicit(&ring->emptied, memory_order_acquire);
        if (filled + RING_BATCH - ring->seen_emptied > RING_SLOTS) {
            ring_wait(&spins);
        }
    }
    void **slots = &ring->slots[filled & (RING_SLOTS - 1)];
    for (size_t i = 0; i < RING_BATCH; i++) {
        slots[i] = objects[i];
    }
    /* R2 pairs with A2 in ring_empty: the slots, and the objects' contents */
    atomic_store_explicit(&ring->filled, filled + RING_BATCH, memory_order_release);
}

/* Consumer: take RING_BATCH pointers, waiting for them; 0 when the ring is closed and empty. */
static inline size_t ring_empty(struct ring *ring, void **ret_objects) {
    size_t emptied = atomic_load_explicit(&ring->emptied, memory_order_relaxed);
    unsigned spins = 0;
    while (ring->seen_filled == emptied) {
        /* A3 pairs with R3 in ring_close. Read before `filled`: closed means none will follow */
        int closed = atomic_load_explicit(&ring->closed, memory_order_acquire);
        /* A2 pairs with R2 in ring_fill: the slots, and the objects' contents */
        ring->seen_filled = atomic_load_explicit(&ring->filled, memory_order_acquire);
        if (ring->seen_filled == emptied) {
            if (closed) {
                return 0;
            }
            ring_wait(&spins);
        }
    }
    void **slots = &ring->slots[emptied & (RING_SLOTS - 1)];
    for (size_t i = 0; i < RING_BATCH; i++) {
        ret_objects[i] = slots[i];
    }
    /* R1 pairs with A1 in ring_fill: the slots have been read */
    atomic_store_explicit(&ring->emptied, emptied + RING_BATCH, memory_order_release);
    return RING_BATCH;
}

/* Producer: nothing follows. */
static inline void ring_close(struct ring *ring) {
    /* R3 pairs with A3 in ring_empty: every batch filled before is seen by who sees this */
    atomic_store_explicit(&ring->closed, 1, memory_order_release);
}

#endif
