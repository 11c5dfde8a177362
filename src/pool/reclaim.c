/* SPDX-License-Identifier: MIT */
/* Giving memory back, bit by bit. */
#include "pool/reclaim.h"

#include "base/bits.h"
#include "cache/park.h"
#include "cache/thread.h"
#include "pool/destroy.h"
#include "pool/interrupting.h"
#include "pool/registry.h"

#include <errno.h>

enum {
    STEP_NS = 25000,         /* one step's time; what is begun is finished */
    SOON_MS = 10,            /* until the next where that was not enough, */
    SOON_SHARE = 100,        /* and so many times what it took */
    ROUNDS_A_VISIT = 512,
    PURGE_BYTES = 128 << 10, /* one madvise in a step: some 10 microseconds */
    IDLE_SECONDS = 5,        /* a slab this long empty */
    SLOTS_A_LOOK = 16,       /* destructors called between two looks at the clock */
    VERY_LARGE_BYTES = 1 << 20, /* a slab whose pages cost less anew than they hold up */
    DIRTY_BYTES = 8 << 20,   /* pages that may wait in the arena for the next to need them, */
    DIRTY_SHARE = 16,        /* or this part of it */
    SWEEP_FROM = 32,         /* chunks: 2 MiB */
    SWEEP_SHARE = 16,        /* that the arena grows by from sweep to sweep, */
    SWEEP_HIGH_SHARE = 64,   /* that it is larger by than it ever was, */
    SWEEP_CHUNKS = 2,        /* and the least of both */
    SWEEP_VISITS = 128,      /* of a pool, and one for each of its slabs */
};

_Atomic uint64_t reclaim_next_ms = RECLAIM_PERIOD_MS;
static _Atomic uint64_t whole_next_ms = RECLAIM_PERIOD_MS; /* and when it is to be a whole one */
_Atomic uint32_t reclaim_high = SWEEP_FROM;
_Atomic uint32_t reclaim_sweep, reclaim_sweep_left;
static _Atomic uint32_t sweep_at = SWEEP_FROM; /* chunks at which the next begins */
void (*_Atomic reclaim_attend)(void);

/* Whose turn it is: 1 while a thread is in a step. Not a lock: nobody waits for it, and the user's
 * destructors are called meanwhile. It guards those below. */
static _Atomic uint32_t step_busy;
static uint32_t cursor;              /* the next place to visit */
static struct slab *leaving;         /* a slab on its way out, piece by piece, */
static struct mempool *leaving_pool; /* and whose it is */
static uint32_t sweep;               /* the one that reclaim_sweep_left is about, */
static uint32_t sweep_visits;        /* and its visits to the place where it is */
static struct sys_signals step_signals; /* as they were before it: in a step there are none, but for
                                         * destructors; a handler that ended the pool of `leaving`
                                         * would wait for the step */

static bool step_begin(void) {
    struct sys_signals before;
    if (load_relaxed(&step_busy) != 0) {
        return false;
    }
    sys_signals_block(&before);
    /* S1 pairs with S2: what the last step left is seen */
    if (atomic_exchange_explicit(&step_busy, 1, memory_order_acquire) != 0) {
        sys_signals_restore(&before);
        return false;
    }
    step_signals = before;
    return true;
}

static void step_end(void) {
    struct sys_signals before = step_signals;
    /* S2 pairs with S1 */
    store_release(&step_busy, 0);
    sys_signals_restore(&before);
}

static uint32_t and_share(uint32_t chunks, uint32_t share) {
    return chunks + (uint32_t)max_size(chunks / share, SWEEP_CHUNKS);
}

/* The next one is due when the arena has grown by a share of what this one has left of it, and is
 * larger than ever. */
static void end_sweep(void) {
    uint32_t grown = and_share(arena_resident(), SWEEP_SHARE);
    uint32_t higher = and_share(load_relaxed(&reclaim_high), SWEEP_HIGH_SHARE);
    store_relaxed(&reclaim_sweep_left, 0);
    store_relaxed(&sweep_at, grown > higher ? grown : higher);
}

void reclaim_child(void) {
    /* Steps and retirements of other threads ended with them; what they had in hand is lost. */
    for (uint32_t i = 0; i < registry_places(); i++) {
        store_relaxed(&registry_place(i)->retiring, 0);
    }
    leaving = NULL;
    end_sweep();
    store_relaxed(&step_busy, 0);
}

/* One user of the pool less, unless a fork has forgotten it. */
static void retiring_done(struct mempool *pool) {
    uint32_t retiring = load_relaxed(&pool->retiring);
    /* K1 pairs with K2 in pool/destroy.c: our use of the pool is over */
    while (retiring > 0 &&
           !atomic_compare_exchange_strong_explicit(&pool->retiring, &retiring, retiring - 1,
                                                    memory_order_release, memory_order_relaxed)) {
    }
}

/* Take an empty slab off, for us to retire; the pool then waits for us before it ends. The
 * depot's lock is held. */
static struct slab *detach(struct mempool *pool, uint32_t before) {
    struct slab *slab = NULL;
    if (load_relaxed(&pool->depot.state) != DEPOT_UNUSED) {
        slab = depot_detach_empty(&pool->depot, before);
    }
    if (slab != NULL) {
        add_relaxed(&pool->retiring, 1);
    }
    return slab;
}

/* Those that the calling thread is at, innermost first. A destructor, and what is put for handlers
 * on the way, may put the last object of the same pool: it cannot be waited for us then. */
struct retirement {
    struct mempool *pool;
    struct retirement *outer;
    bool ends_pool; /* when it is over */
};
static __thread struct retirement *retirements MEMPOOL_TLS_MODEL;

static void retirement_begin(struct retirement *own, struct mempool *pool) {
    *own = (struct retirement){.pool = pool, .outer = retirements};
    signal_fence();
    retirements = own;
}

static void retirement_end(const struct retirement *own) {
    retirements = own->outer;
    signal_fence(); /* until here a handler may have left the pool's end to us */
    if (own->ends_pool) {
        zombie_end(own->pool);
    }
}

bool reclaim_takes_over(const struct mempool *pool) {
    struct retirement *outermost = NULL;
    for (struct retirement *at = retirements; at != NULL; at = at->outer) {
        outermost = at->pool == pool ? at : outermost;
    }
    if (outermost != NULL) {
        outermost->ends_pool = true;
    }
    return outermost != NULL;
}

/* The destructor for each slot that was constructed, until the time is over: true when done. No
 * lock is held, signals are as the caller had them. */
static bool destruct_slots(struct mempool *pool, struct slab *slab, uint64_t end_ns) {
    const struct shape *shape = &pool->depot.shape;
    record *records = load_relaxed(&slab->records);
    char *start = space_chunk_address(load_relaxed(&slab->first_chunk));
    if (pool->destruct == NULL) {
        return true;
    }
    while (slab->destructed < shape->slots) {
        uint32_t slot = slab->destructed++;
        record *slot_record = &records[shape_record_index(shape, slot)];
        if (load_relaxed(slot_record) == 0) {
            continue;
        }
        store_relaxed(slot_record, 0);
        pool->destruct(start + (size_t)slot * shape->stride, pool->arg);
        if (slot % SLOTS_A_LOOK == 0 && sys_clock_ns() >= end_ns) {
            return false;
        }
    }
    return true;
}

/* A purge takes its time: signals wait meanwhile, rather than meet a shut door. */
static bool retire(struct mempool *pool, struct slab *slab, size_t purge_bytes) {
    struct pool_section section;
    struct sys_signals signals;
    bool done;
    depot_uncharge_slab(&pool->depot, slab);
    if (purge_bytes == 0) {
        pool_section_begin(&section);
        done = slab_retire(slab, &pool->depot.shape, 0, pool->depot.number);
        pool_section_end(&section);
    } else {
        sys_signals_block(&signals);
        done = slab_retire(slab, &pool->depot.shape, purge_bytes, pool->depot.number);
        sys_signals_restore(&signals);
    }
    if (done) {
        retiring_done(pool);
    }
    return done;
}

static size_t reclaim(struct mempool *pool, uint32_t before, size_t purge_bytes) {
    struct pool_section section;
    struct retirement own;
    size_t bytes = 0;
    pool_section_begin(&section);
    sys_lock_take(&pool->depot.lock);
    struct slab *slab = detach(pool, before);
    sys_lock_drop(&pool->depot.lock);
    retirement_begin(&own, pool);
    pool_section_end(&section);
    if (slab != NULL) {
        bytes = shape_slab_bytes(&pool->depot.shape);
        (void)destruct_slots(pool, slab, UINT64_MAX);
        (void)retire(pool, slab, purge_bytes);
    }
    retirement_end(&own);
    return bytes;
}

size_t reclaim_slab(struct mempool *pool, uint32_t before) {
    return reclaim(pool, before, SIZE_MAX);
}

void reclaim_large(struct mempool *pool) {
    size_t slab_bytes = shape_slab_bytes(&pool->depot.shape);
    size_t used = load_relaxed(&space.arena_used);
    size_t purge_bytes;
    do {
        size_t dirty = (size_t)arena_dirty() << CHUNK_SHIFT;
        bool may_wait = slab_bytes < VERY_LARGE_BYTES &&
                        dirty + slab_bytes <= max_size(DIRTY_BYTES, used / DIRTY_SHARE);
        purge_bytes = may_wait ? 0 : SIZE_MAX;
    } while (reclaim(pool, UINT32_MAX, purge_bytes) > 0);
}

/* The user's part of a step, with signals as its caller had them. */
static bool destruct_in_step(struct mempool *pool, struct slab *slab, uint64_t end_ns) {
    struct sys_signals in_step, before = step_signals;
    if (pool->destruct == NULL) {
        return true;
    }
    sys_signals_block(&in_step);
    sys_signals_restore(&before);
    bool done = destruct_slots(pool, slab, end_ns);
    sys_signals_restore(&in_step);
    return done;
}

/* A piece of the slab that is on its way out; false: there is none. */
static bool go_on_leaving(uint64_t end_ns) {
    struct slab *slab = leaving;
    if (slab == NULL) {
        return false;
    }
    struct mempool *pool = leaving_pool;
    struct retirement own;
    /* In our hands meanwhile: a child that is forked now must not go on with it. */
    leaving = NULL;
    retirement_begin(&own, pool);
    bool done = destruct_in_step(pool, slab, end_ns) && retire(pool, slab, PURGE_BYTES);
    while (!done && own.ends_pool) {
        done = destruct_in_step(pool, slab, UINT64_MAX) && retire(pool, slab, SIZE_MAX);
    }
    leaving = done ? NULL : slab;
    retirement_end(&own);
    return true;
}

void reclaim_finish(struct mempool *pool) {
    if (step_begin()) {
        while (leaving_pool == pool && go_on_leaving(UINT64_MAX)) {
        }
        step_end();
    }
}

/* Rounds that nobody needed since the last step go home. The depot's lock is held. */
static void settle_depot(struct depot *depot) {
    (void)park_settle(depot, true);
    (void)depot_send_home(depot, min_size(depot->rounds_low, ROUNDS_A_VISIT));
    depot->rounds_low = load_relaxed(&depot->rounds);
    depot_drop_spare(depot);
    depot_drop_idle_span(depot);
}

/* A slab that has been empty for a while becomes `leaving`. True: there may be more to do, with the
 * same lock held. */
static bool settle(struct mempool *pool, bool first) {
    uint32_t now = load_relaxed(&depot_seconds);
    if (first) {
        settle_depot(&pool->depot);
    }
    leaving = now > IDLE_SECONDS ? detach(pool, now - IDLE_SECONDS) : NULL;
    return leaving != NULL;
}

/* The same for a sweep: all that is free. Others may go on freeing: at some time it is enough. What
 * was constructed stays what it is as long as its slab does: it only waits, as ever. */
static bool sweep_out(struct mempool *pool) {
    struct depot *depot = &pool->depot;
    if (sweep_visits++ >= SWEEP_VISITS + load_relaxed(&depot->n_slabs)) {
        return false;
    }
    (void)park_settle(depot, true);
    if (depot_send_home(depot, ROUNDS_A_VISIT) > 0) {
        return true;
    }
    if (depot->raw) {
        return settle(pool, true);
    }
    leaving = detach(pool, UINT32_MAX);
    return leaving != NULL || depot_punch_some(depot, sweep);
}

/* Passes by a pool whose lock somebody holds: there will be another visit. `first`: of this
 * step. True: the pool may have more to give. */
static bool visit(struct mempool *pool, bool first) {
    struct sys_signals signals;
    bool more = false;
    if (load_relaxed(&pool->depot.state) != DEPOT_ALIVE) {
        return false;
    }
    sys_signals_block(&signals);
    if (sys_lock_try(&pool->depot.lock)) {
        if (load_relaxed(&pool->depot.state) == DEPOT_ALIVE) {
            more = load_relaxed(&reclaim_sweep_left) > 0 ? sweep_out(pool) : settle(pool, first);
            leaving_pool = pool;
        }
        sys_lock_drop(&pool->depot.lock);
    }
    sys_signals_restore(&signals);
    return more;
}

static void go_on_to_next_place(void) {
    uint32_t left = load_relaxed(&reclaim_sweep_left);
    cursor = cursor + 1 < registry_places() ? cursor + 1 : 0;
    sweep_visits = 0;
    if (left > 1) {
        store_relaxed(&reclaim_sweep_left, left - 1);
    } else if (left == 1) {
        end_sweep();
    }
}

/* From pool to pool, staying with one as long as it has something to give, until the time is over
 * or so many have been visited. `whole`: to all that a visit is for. True: the time was over. */
static bool go_round(uint32_t places, bool whole, uint64_t end_ns) {
    bool more = false;
    while (places > 0 && sys_clock_ns() < end_ns) {
        if (go_on_leaving(end_ns)) {
            continue;
        }
        more = visit(registry_place(cursor), whole && !more);
        if (!more) {
            go_on_to_next_place();
            places--;
        }
    }
    return more || leaving != NULL;
}

static void clean_arena(void) {
    struct sys_signals signals;
    sys_signals_block(&signals);
    size_t bytes = slab_dirty_unneeded();
    if (bytes > 0) {
        (void)slab_clean_arena(min_size(bytes, PURGE_BYTES));
    }
    sys_signals_restore(&signals);
}

/* The arena is larger than ever by so many chunks: as many dirty ones, if there are any, were of no
 * use for that, and go back. Then it is no larger than before. */
static void make_up_for(uint32_t chunks) {
    struct sys_signals signals;
    uint32_t high = load_relaxed(&reclaim_high);
    sys_signals_block(&signals);
    size_t cleaned = arena_dirty() > 0 ? slab_clean_arena((size_t)chunks << CHUNK_SHIFT) : 0;
    sys_signals_restore(&signals);
    if (cleaned > 0) {
        (void)swap_if_relaxed(&reclaim_high, &high, high - (uint32_t)(cleaned >> CHUNK_SHIFT));
    }
}

/* Chunks by which the arena is larger than ever; each of them is told once. A sweep is due, or
 * not. */
static uint32_t note_growth(void) {
    uint32_t resident = arena_resident();
    uint32_t high = load_relaxed(&reclaim_high);
    if (resident <= high || !swap_if_relaxed(&reclaim_high, &high, resident)) {
        return 0;
    }
    uint32_t at = load_relaxed(&sweep_at);
    if (resident >= at && swap_if_relaxed(&sweep_at, &at, UINT32_MAX)) {
        add_relaxed(&reclaim_sweep, 1);
    }
    return resident - high;
}

/* If one is due that nobody has begun. */
static void begin_sweep(void) {
    uint32_t newest = load_relaxed(&reclaim_sweep);
    if (sweep != newest) {
        sweep = newest;
        store_relaxed(&reclaim_sweep_left, registry_places());
    }
}

/* Is a step due by the clock? Who is told so takes it. */
static bool take_period(uint64_t now_ms) {
    uint64_t next_ms = load_relaxed(&reclaim_next_ms);
    return reclaim_is_time(now_ms, next_ms) &&
           swap_if_relaxed(&reclaim_next_ms, &next_ms, now_ms + RECLAIM_PERIOD_MS);
}

/* Is the one that is due a whole one? */
static bool take_whole(uint64_t now_ms) {
    bool whole = reclaim_is_time(now_ms, load_relaxed(&whole_next_ms));
    if (whole) {
        store_relaxed(&whole_next_ms, now_ms + RECLAIM_PERIOD_MS);
    }
    return whole;
}

/* There was not time enough, since `begin_ns`. */
static void go_on_soon(uint64_t now_ms, uint64_t begin_ns) {
    uint64_t pause_ms = (sys_clock_ns() - begin_ns) * SOON_SHARE / 1000000;
    if (pause_ms < RECLAIM_PERIOD_MS) {
        store_relaxed(&reclaim_next_ms, now_ms + max_size(pause_ms, SOON_MS));
    }
}

/* One step, in the hands of the caller. */
static void take_step(uint64_t now_ms, bool due, bool whole) {
    uint64_t begin_ns = sys_clock_ns();
    begin_sweep();
    if (whole) {
        clean_arena();
    }
    uint32_t places = due ? registry_places() : load_relaxed(&reclaim_sweep_left);
    if (go_round(places, whole, sys_clock_ns() + STEP_NS) && due) {
        go_on_soon(now_ms, begin_ns);
    }
}

void reclaim_step(uint64_t now_ms) {
    int saved_errno = errno;
    bool due = take_period(now_ms);
    bool whole = due && take_whole(now_ms);
    uint32_t grown = note_growth();
    thread_empty_caches(load_relaxed(&reclaim_sweep));
    if (grown > 0) {
        make_up_for(grown);
    }
    if ((due || grown > 0 || load_relaxed(&reclaim_sweep_left) > 0) && step_begin()) {
        take_step(now_ms, due, whole);
        step_end();
    }
    void (*attend)(void) = whole ? load_relaxed(&reclaim_attend) : NULL;
    if (attend != NULL) {
        attend();
    }
    errno = saved_errno;
}
