/* SPDX-License-Identifier: MIT */
/* Runs a plan through a contender: one round at a time, timed or verified. */
#ifndef REPLAY_ENGINE_H
#define REPLAY_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <mempool/observe.h>

#include "replay/plan.h"
#include "replay/relax.h"

/*
 * THEORY
 *
 * A *contender* is something that gives and takes objects, and blocks of a heap. Its hot loops are
 * made from engine_template.h, once for each contender, so that its get and put, malloc and free
 * are called as a program would call them and not through a pointer. There are three, two of them
 * once more for plans without heap events, which need not look for those:
 *
 *   run_single    one worker: no atomics at all;
 *   run_shared    more workers: waits where the plan says so (plan.h);
 *   run_verified  any number of workers, not timed: fills every object wholly, and checks the whole
 *                 of it at the put, and that a zeroed get is zero, and what a realloc keeps.
 *
 * The timed loops behave as a user does: they write the first 8 to 64 bytes of each object (a stamp
 * made from the object's number), and look at the stamp before the put. Two live objects that
 * overlap there are found, which ends the round with a fault. A block is treated likewise, also
 * before and after a realloc.
 *
 * A round: workers start and wait; before_pools is called; pools and sites are made; the workers
 * are let go and timed; all stop, and at_end is called while they, and what they cache, still
 * exist; the workers end; live objects are put and live blocks freed; pools are destroyed. The
 * time is from the moment the first worker is let go to the moment the last is through.
 */

/* Where an object is while it is live, and the ticket last published for it: one cache line, so
 * that what the harness itself moves between processors is one line for each crossing. */
struct replay_cell {
    _Alignas(64) void *object;
    _Atomic uint32_t ticket;
    uint32_t block_bytes; /* run_verified: of a block; whose it is at the time writes it */
};

enum replay_fault_kind {
    REPLAY_NO_FAULT = 0,
    REPLAY_NO_START,   /* the contender could not be prepared */
    REPLAY_NO_HEAP,    /* the plan has heap events, and the contender no heap */
    REPLAY_NO_POOL,    /* a pool or site could not be made */
    REPLAY_NO_THREAD,  /* a worker could not be started */
    REPLAY_NO_OBJECT,  /* a get or an allocation returned NULL */
    REPLAY_OVERLAP,    /* an object did not hold what was written to it */
    REPLAY_NOT_ZEROED, /* a zeroed get or a calloc was not zero */
    REPLAY_NOT_KEPT,   /* a realloc lost what was in the block */
};

/* What went wrong, and with which object. */
struct replay_fault {
    enum replay_fault_kind kind;
    uint16_t class;
    uint32_t object;
    int error_number; /* errno, of those that say that something could not be had */
};

/* One worker, as the hot loops see it. */
struct replay_worker {
    /* immutable in a round */
    const struct plan_event *events, *events_end;
    const uint32_t *tickets;
    const uint32_t *bytes;        /* of blocks, as in struct plan_worker */
    void *const *handles;         /* of each class: what pool_create or site_create returned */
    const uint32_t *object_bytes; /* of each class; 0 for a site */
    void **objects;               /* run_single: where each object is */
    struct replay_cell *cells;    /* the other two */
    atomic_bool *stop;            /* set by the first worker that meets a fault */
    struct replay_engine *engine;
    size_t sample_interval; /* run_verified: events between two samples; SIZE_MAX: none */
    void *own;              /* the contender's, for whatever it likes; NULL when a round begins */
    /* results */
    struct replay_fault fault;
    uint64_t start_ns, end_ns;
    pthread_t thread;
};

/* A plan with room to run it: used for any number of rounds, one at a time. */
struct replay_engine;

/* Something that gives and takes objects. The hooks may be NULL; so may site_create and free, of a
 * contender that has no heap; and run_verified, of one whose objects are no real memory: it is then
 * never verified. */
struct replay_contender {
    const char *name;
    const char *summary; /* one line for a user */
    void *(*pool_create)(size_t object_bytes, size_t count, const char *name); /* NULL + errno */
    void (*pool_destroy)(void *pool);
    void (*put)(void *pool, void *object);
    /* NULL + errno; what it returns is the contender's own for as long as the process lives */
    void *(*site_create)(const char *name);
    void (*free)(void *site, void *block);
    void (*run_single)(struct replay_worker *worker);
    void (*run_shared)(struct replay_worker *worker);
    void (*run_verified)(struct replay_worker *worker);
    /* hooks */
    int (*round_begin)(const struct trace *trace); /* before the pools are made: 0 or -errno */
    void (*round_end)(void);                       /* after they are destroyed */
    void (*thread_start)(void);                    /* on each worker */
    void (*thread_stop)(void);
    /* what this process's memory is, the engine's own included: 0 or -errno */
    int (*ledger)(const struct replay_engine *engine, struct mempool_ledger *ret);
};

/* How to run a round. Zero-fill for a plain timed one. */
struct replay_options {
    bool verified;
    unsigned n_samples; /* verified: how often on_sample is called, about evenly spread */
    void (*before_pools)(void *arg);
    void (*on_sample)(void *arg); /* on a worker, while the others run */
    void (*at_end)(void *arg, void *const *handles, size_t n_classes);
    void *arg;
};

/* What a round found. */
struct replay_outcome {
    uint64_t elapsed_ns;
    struct replay_fault fault;
};

/** replay_engine_create: NULL with errno ENOMEM. The plan must outlive the engine. */
struct replay_engine *replay_engine_create(const struct plan *plan);

/** replay_engine_destroy: NULL is ignored. */
void replay_engine_destroy(struct replay_engine *engine);

/** replay_engine_each_mapping: call `visit` for each mapping of it, its plan and its trace. */
void replay_engine_each_mapping(const struct replay_engine *engine,
                                void (*visit)(void *start, size_t bytes));

/** replay_round: run the plan once.
 *  0, or -EFAULT with outcome->fault set: then the contender's pools are left as they were. */
int replay_round(struct replay_engine *engine, const struct replay_contender *contender,
                 const struct replay_options *options, struct replay_outcome *outcome);

/** replay_fault_text: a fault in words, as one line of at most `bytes` bytes. */
void replay_fault_text(const struct replay_fault *fault, const struct trace *trace, char *text,
                       size_t bytes);

/* ---- for engine_template.h ---- */

/** replay_sample: call the round's on_sample. */
void replay_sample(struct replay_worker *worker);

/** replay_fill, replay_is_filled, replay_is_zero: a whole object, for the verified loop. */
void replay_fill(void *object, size_t bytes, uint64_t stamp);
bool replay_is_filled(const void *object, size_t bytes, uint64_t stamp);
bool replay_is_zero(const void *object, size_t bytes);

/** replay_stop: note a fault and make the other workers stop. */
void replay_stop(struct replay_worker *worker, enum replay_fault_kind kind,
                 const struct plan_event *event);

/* What is written to an object: different for each that may be live at the same time. */
static inline uint64_t replay_stamp(const struct plan_event *event) {
    return ((uint64_t)event->object + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static inline void replay_touch(void *object, const struct plan_event *event) {
    uint64_t stamp = replay_stamp(event);
    if (event->touch_words == PLAN_TOUCH_WORDS_MAX) {
        uint64_t line[PLAN_TOUCH_WORDS_MAX] = {stamp, stamp, stamp, stamp,
                                               stamp, stamp, stamp, stamp};
        memcpy(object, line, sizeof(line));
        return;
    }
    if (event->touch_words == 0) {
        memcpy(object, &stamp, 1); /* the byte that a longer block begins with too */
        return;
    }
    for (unsigned word = 0; word < event->touch_words; word++) {
        memcpy((char *)object + word * sizeof(stamp), &stamp, sizeof(stamp));
    }
}

static inline bool replay_is_touched(const void *object, const struct plan_event *event) {
    uint64_t stamp = replay_stamp(event);
    uint64_t found;
    if (event->touch_words == 0) {
        return memcmp(object, &stamp, 1) == 0;
    }
    memcpy(&found, object, sizeof(found));
    return found == stamp;
}

/* The same event as if it touched another number of words, or PLAN_TOUCH_NOTHING. */
static inline struct plan_event replay_touching(const struct plan_event *event, unsigned words) {
    struct plan_event other = *event;
    other.touch_words = (uint8_t)words;
    return other;
}

static inline void replay_touch_block(void *block, const struct plan_event *event) {
    if (event->touch_words != PLAN_TOUCH_NOTHING) {
        replay_touch(block, event);
    }
}

static inline bool replay_is_block_touched(const void *block, const struct plan_event *event) {
    return event->touch_words == PLAN_TOUCH_NOTHING || replay_is_touched(block, event);
}

/* Wait until the event before this one on its object is done. False: the round is being stopped. */
static inline bool replay_wait(const struct replay_worker *worker, struct replay_cell *cell,
                               uint32_t ticket) {
    unsigned tries = 0;
    /* A1 pairs with R1: the object's address, its contents and the contender's own state of it. */
    while (atomic_load_explicit(&cell->ticket, memory_order_acquire) != ticket - 1) {
        /* Relaxed: only a request to stop soon; no data goes with it. */
        if (atomic_load_explicit(worker->stop, memory_order_relaxed)) {
            return false;
        }
        relax(&tries);
    }
    return true;
}

static inline void replay_publish(struct replay_cell *cell, uint32_t ticket) {
    /* R1 pairs with A1. */
    atomic_store_explicit(&cell->ticket, ticket, memory_order_release);
}

#endif
