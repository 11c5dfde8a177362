/* SPDX-License-Identifier: MIT */
/* Where gets and puts tell who records them (src/record) what they did: in slow paths only, because
 * while somebody records there are no hits (pool/hold.h).
 *
 * An object's get is told after it, its put before the slot is free for others, under its depot's
 * lock: so told in one order, each put comes between its get and the slot's next. */
#ifndef MEMPOOL_POOL_RECORDER_H
#define MEMPOOL_POOL_RECORDER_H

#include "base/attributes.h"
#include "sys/sys.h"

struct mempool;

struct recorder {
    void (*got)(const struct mempool *pool, const void *object, bool zeroed);
    /* A pool's object or a block. A block that moved is put too, after `resized`. */
    void (*put)(const void *object);
    /* Blocks, with their tags (account/books.h). */
    void (*allocated)(const void *block, uint64_t tag, bool zeroed);
    void (*resized)(const void *from, const void *to, uint64_t tag);
    /* Under registry_lock. */
    void (*created)(const struct mempool *pool);
    void (*destroyed)(const struct mempool *pool);
};

/* NULL: nobody records. Written with the locks of hold_lock held, or, to end it, at any time.
 * While recording begins, the hooks wait. */
extern const struct recorder *_Atomic pool_recorder;

/* Rank: behind all others. Held across a fork. */
extern struct sys_lock recorder_lock;
/* In the child of a fork, with every lock but this held: the recorder is the parent's. */
extern void (*_Atomic pool_recorder_child)(void);

#define TELL_RECORDER(what)                                               \
    do {                                                                  \
        signal_fence(); /* H2 pairs with H1 in record/recording.c */      \
        const struct recorder *recorder = load_relaxed(&pool_recorder);   \
        if (MEMPOOL_UNLIKELY(recorder != NULL)) {                         \
            recorder->what;                                               \
        }                                                                 \
    } while (0)

static inline void recorder_got(const struct mempool *pool, const void *object, bool zeroed) {
    TELL_RECORDER(got(pool, object, zeroed));
}
static inline void recorder_put(const void *object) {
    TELL_RECORDER(put(object));
}
static inline void recorder_allocated(const void *block, uint64_t tag, bool zeroed) {
    TELL_RECORDER(allocated(block, tag, zeroed));
}
static inline void recorder_resized(const void *from, const void *to, uint64_t tag) {
    TELL_RECORDER(resized(from, to, tag));
}
static inline void recorder_created(const struct mempool *pool) {
    TELL_RECORDER(created(pool));
}
static inline void recorder_destroyed(const struct mempool *pool) {
    TELL_RECORDER(destroyed(pool));
}
static inline void recorder_child(void) {
    void (*child)(void) = load_relaxed(&pool_recorder_child);
    if (child != NULL) {
        child();
    }
}

#undef TELL_RECORDER

#endif
