/* SPDX-License-Identifier: MIT */
/* Puts of signal handlers: past the caches, or deferred. */
#include "pool/interrupting.h"

#include "base/attributes.h"
#include "cache/park.h"
#include "misuse/report.h"
#include "pool/destroy.h"
#include "pool/sampled.h"

enum {
    HANDLER_TRIES = 1000, /* of a lock that may be held by, or wait for, the interrupted call */
};

/* The call site of what is kept and is no put, but a slot that has yet to be constructed. */
#define RAW_SITE ((uintptr_t)0)

bool handler_lock(struct sys_lock *lock) {
    for (int i = 0; i < HANDLER_TRIES; i++) {
        if (sys_lock_try(lock)) {
            return true;
        }
    }
    return false;
}

/* Keep a put for the end of the interrupted operation. */
static bool defer(struct thread *thread, void *object, uintptr_t site) {
    uint32_t n = load_relaxed(&thread->n_deferred);
    if (n == THREAD_DEFERRED) {
        return false;
    }
    thread->deferred[n] = object;
    thread->deferred_sites[n] = site;
    store_relaxed(&thread->n_deferred, n + 1);
    return true;
}

/* Would a put end this destroyed pool? That takes locks that the interrupted call may hold, or may
 * keep waiting, and calls destructors. */
static bool put_would_end(const struct depot *depot) {
    const struct mempool *pool = depot->pool;
    return load_relaxed(&depot->state) != DEPOT_ALIVE &&
           load_relaxed(&depot->home) + 1 == load_relaxed(&depot->slots) &&
           load_relaxed(&pool->heap_live) == 0;
}

/* Under the depot's lock in a handler. Over a hit (FAST) not even objects that its own thread got
 * may be made free: the put that was interrupted may be of the same one. */
static enum put_outcome lay_in_interrupting(struct depot *depot, struct thread *thread,
                                            struct round round, uintptr_t site) {
    uint32_t stamp = load_relaxed(&thread->stamp);
    bool may_grow = thread_stage(thread) == THREAD_FAST;
    bool own = !may_grow && thread_got(thread, load_relaxed(round.slot_record));
    bool room;
    if (put_would_end(depot)) {
        return PUT_AGAIN;
    }
    if (own || put_hits_closed(depot)) {
        return put_mark_free(round, site, stamp) ? put_in_depot(depot, round) : PUT_MISUSE;
    }
    if (park_in_depot(depot, round, record_make(site, stamp, RECORD_PARKED), may_grow, &room)) {
        bump_owned(&depot->puts, 1);
        return PUT_DONE;
    }
    return room ? PUT_MISUSE : PUT_AGAIN;
}

static void report_not_kept(struct depot *depot, const void *object, uintptr_t site) {
    struct report report = {.kind = MEMPOOL_MISUSE_REENTERED,
                            .address = object,
                            .pool = depot->pool,
                            .pool_name = depot->name,
                            .site = site};
    add_relaxed(&depot->misuses, 1);
    report_misuse(&report);
}

enum put_outcome put_interrupting(struct depot *depot, struct thread *thread, struct round round,
                                  uintptr_t site) {
    enum put_outcome outcome = PUT_AGAIN;
    struct sys_signals before;
    sys_signals_block(&before);
    bool plain = !record_is_sampled(load_relaxed(round.slot_record)) ||
                 pool_unsample_interrupting(round);
    if (plain && handler_lock(&depot->lock)) {
        outcome = lay_in_interrupting(depot, thread, round, site);
        sys_lock_drop(&depot->lock);
    }
    bool kept = outcome != PUT_AGAIN || defer(thread, round.object, site);
    sys_signals_restore(&before);
    if (!kept) {
        report_not_kept(depot, round.object, site);
    }
    return outcome != PUT_AGAIN ? outcome : PUT_DONE;
}

/* True: the pool was destroyed meanwhile, and this was its last. */
static bool give_raw_locked(struct mempool *pool, struct round round) {
    depot_give(&pool->depot, round);
    bump_owned(&pool->depot.gets, 0 - (uint64_t)1);
    return zombie_is_over(pool);
}

/* False: it has to be kept, and cannot. */
static bool give_raw_interrupting(struct mempool *pool, struct thread *thread,
                                  struct round round) {
    struct depot *depot = &pool->depot;
    bool given = false;
    if (handler_lock(&depot->lock)) {
        given = !put_would_end(depot);
        if (given) {
            (void)give_raw_locked(pool, round);
        }
        sys_lock_drop(&depot->lock);
    }
    return given || defer(thread, round.object, RAW_SITE);
}

void pool_give_raw(struct mempool *pool, struct round round, uintptr_t site) {
    struct sys_signals before;
    bool over = false, given = true;
    uint64_t live = load_relaxed(round.slot_record);
    sys_signals_block(&before);
    /* So that nobody's put is taken for a right one while it is kept. */
    store_relaxed(round.slot_record, RECORD_RAW);
    if (thread_interrupted()) {
        given = give_raw_interrupting(pool, thread_current, round);
        if (!given) {
            store_relaxed(round.slot_record, live);
        }
    } else {
        sys_lock_take(&pool->depot.lock);
        over = give_raw_locked(pool, round);
        sys_lock_drop(&pool->depot.lock);
    }
    sys_signals_restore(&before);
    if (over) {
        zombie_end(pool);
    } else if (!given) {
        report_not_kept(&pool->depot, round.object, site);
    }
}

static void *take_deferred(struct thread *thread, uintptr_t *ret_site) {
    struct sys_signals before;
    void *object = NULL;
    sys_signals_block(&before);
    uint32_t n = load_relaxed(&thread->n_deferred);
    if (n > 0) {
        object = thread->deferred[n - 1];
        *ret_site = thread->deferred_sites[n - 1];
        store_relaxed(&thread->n_deferred, n - 1);
    }
    sys_signals_restore(&before);
    return object;
}

/* Of a live object: whose it is. */
static struct depot *depot_of(const void *object) {
    const struct slab *slab = slab_of(object);
    return slab != NULL ? load_relaxed(&slab->owner) : NULL;
}

static bool is_heap_block(const void *object) {
    const struct depot *depot = depot_of(object);
    return depot != NULL && depot->shape.tagged != 0;
}

static void give_raw_deferred(void *object) {
    struct descriptor *descriptor;
    struct round round = {.object = object};
    if (slot_find(object, &descriptor, &round.slot_record) == SLOT_FOUND) {
        pool_give_raw(depot_of(object)->pool, round, RAW_SITE);
    }
}

MEMPOOL_COLD void pool_put_deferred_slow(struct thread *thread) {
    uintptr_t site;
    void *object;
    while ((object = take_deferred(thread, &site)) != NULL) {
        if (site == RAW_SITE) {
            give_raw_deferred(object);
        } else {
            (void)pool_put_slow(object, site, is_heap_block(object));
        }
    }
}
