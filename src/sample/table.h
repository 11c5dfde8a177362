/* SPDX-License-Identifier: MIT */
/* The sampled objects that are live, and the call stacks that got them.
 *
 * THEORY
 *
 *      record --LIVE, thread 1023--.         (nothing else says that an object is a sample)
 *                                  v
 *      sample_buckets --hash of object--> samples --> stacks --> frames
 *                                            ^            ^
 *      stack_buckets --hash of frames and owner ----------'
 *
 * A sample is entered by the get that is one, after its object was marked live and before its
 * caller has it; the record then gets a thread number that no thread has. So no put of it is a hit,
 * and nobody parks it: the slow put finds that it is a sample, takes it out, gives the record its
 * getter's number back, and goes on as with any object. Of two that put one sample at once, one
 * takes it out, under the lock; from then on all is as in any race of puts (cache/park.h).
 *
 *      LIVE -> sampled   the getter, by compare-and-swap, under the lock
 *      sampled -> LIVE   any thread that puts it, under the lock
 *
 * A stack is kept once for each owner: a pool, told by its depot, or an account. It sums up its
 * samples. All is plain structs of fixed places from 1 on, so that a reader finds its way from the
 * table without a lock, in this process or in another (view/publication.h): `version` is odd while
 * places change, and a stack's own while it does. What has no room is counted as dropped.
 *
 * Memory: nothing until sampling is first turned on; then pages of the arrays as they are used, and
 * a block for each stack's frames. What goes back of that needs space.lock, which a handler that
 * puts must not wait for: it leaves stacks without samples aside, for the next that may.
 * Lock: after pools' locks and heap_lock, before space.lock; held across a fork. Its holder is SLOW
 * or has its signals blocked. */
#ifndef MEMPOOL_SAMPLE_TABLE_H
#define MEMPOOL_SAMPLE_TABLE_H

#include "slab/record.h"
#include "sys/sys.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SAMPLE_FRAMES = 64,          /* of a stack at most, innermost first */
    SAMPLE_PLACES = 1 << 16,     /* of samples; 0 is none */
    SAMPLE_STACKS = 1 << 14,     /* likewise */
    SAMPLE_BUCKETS = 1 << 16,    /* of samples, by object; and of stacks */
};

struct sample {
    void *_Atomic object;        /* NULL: a free place */
    _Atomic uint64_t bytes;      /* as asked for */
    _Atomic uint64_t weight;     /* of allocations that it stands for, in SAMPLE_ONE */
    _Atomic uint32_t stack;      /* place */
    _Atomic uint32_t next;       /* in its bucket, or of the free places */
    _Atomic uint32_t thread;     /* number of who got it */
    uint32_t room;
};

struct sample_stack {
    _Atomic uint32_t version;
    _Atomic uint32_t samples;    /* live; 0: a free place */
    _Atomic uint32_t next;       /* as above */
    _Atomic uint32_t account;    /* number; 0: a pool's objects */
    const void *_Atomic owner;   /* the pool's depot */
    uintptr_t *_Atomic frames;
    _Atomic uint32_t n_frames;
    uint32_t room;
    _Atomic uint64_t count;      /* sum of weights */
    _Atomic uint64_t bytes;      /* sum of bytes times weight, in whole bytes */
    uint64_t hash;
};

struct sample_table {
    _Atomic uint64_t mean_bytes;          /* as sample/rate.h has it, for readers */
    struct sample *samples;               /* SAMPLE_PLACES */
    struct sample_stack *stacks;          /* SAMPLE_STACKS */
    _Atomic(uint32_t) *sample_buckets;    /* SAMPLE_BUCKETS */
    uint32_t *stack_buckets;              /* likewise */
    _Atomic uint32_t version;
    uint32_t free_sample, free_stack;
    uint32_t left_stack;                  /* without samples; their frames have yet to go back */
    _Atomic uint32_t samples_used, stacks_used; /* places up to this one were ever used */
    _Atomic uint64_t live;                /* samples in it */
    _Atomic uint64_t taken, dropped;      /* ever; for want of room */
};
extern struct sample_table *_Atomic sample_table; /* NULL: never turned on */
extern struct sys_lock sample_lock;

/* What a sample is. */
struct sample_subject {
    void *object;
    record *slot_record;
    const void *owner; /* depot of the pool, */
    uint32_t account;  /* or number of the account, owner NULL */
    size_t bytes;
    uint64_t weight;
    const uintptr_t *frames;
    uint32_t n_frames;
};

/* Change the mean bytes (sample/rate.h), and make the table where there is none yet and the mean is
 * not 0: 0 or -ENOMEM. Takes the lock; signals are blocked. */
int sample_turn(uint64_t mean_bytes);

/* The rest is under the lock. */

/* Enter a live object and mark its record; nothing, but a count, where there is no room or the
 * record is not live any more. */
void sample_enter(const struct sample_subject *subject);
/* Unless somebody else has done so: take an object out, and give its record the thread back.
 * `interrupting`: space.lock may be held by who was interrupted. */
void sample_leave(void *object, record *slot_record, bool interrupting);
/* A block changed its size where it is. */
void sample_resize(const void *object, size_t bytes);

/* No lock: a record's value with the thread that got the object, where it is a sample's (number 0
 * where that cannot be told now); any other as it is. */
uint64_t sample_plain(uint64_t value, const void *object);

#endif
