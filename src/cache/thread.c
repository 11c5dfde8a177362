/* SPDX-License-Identifier: MIT */
/* Threads: attach, table growth, end; the clock. */
#include "cache/thread.h"

#include "base/bits.h"
#include "cache/seat.h"
#include "vm/blocks.h"

#include <errno.h>
#include <string.h>

struct sys_lock threads_lock;
#define NOBODY \
    {.heap_end = thread_no_heap_table + HEAP_TABLE_BYTES, .account_places = thread_no_accounts}
struct thread thread_none = NOBODY;
struct thread thread_exited = NOBODY;
_Atomic(uint32_t) thread_no_accounts[THREAD_TABLES_ENTRIES];
void (*thread_retiring)(struct thread *thread);
void (*thread_sitting_down)(struct thread *thread);
_Alignas(MEMPOOL_CACHE_LINE) char thread_no_heap_table[HEAP_TABLE_BYTES];
__thread struct thread *thread_current MEMPOOL_TLS_MODEL = &thread_none;
__thread bool thread_seated MEMPOOL_TLS_MODEL;
__thread _Atomic uint32_t thread_inside MEMPOOL_TLS_MODEL;

enum {
    TABLE_BYTES_MIN = 4096, /* 32 pools */
    TICK_INTERVAL_FIRST = 1,
    TICK_INTERVAL_MAX = 256,
    TICK_SHORT_MS = 5, /* ticks closer than this: fewer of them */
    TICK_LONG_MS = 20, /* farther apart: more */
};

static struct thread *_Atomic all_threads;
static struct thread_note *notes;
static unsigned next_number = 1;  /* threads_lock */
static uint32_t n_attached;       /* likewise */
static _Atomic uint64_t start_ms; /* moved back by steps of the clock */
static void (*thread_ending)(struct thread *thread);

struct thread *threads_first(void) {
    /* T2 pairs with T1: the struct was whole before it was listed */
    return load_acquire(&all_threads);
}

struct thread_note *thread_note(unsigned number) {
    return &notes[number];
}

static void stamp_thread(struct thread *thread, uint32_t seconds) {
    uint32_t kept = seconds & RECORD_TIME_MASK;
    /* 0 means unknown; a second's error once in 12 days is none. */
    kept = kept != 0 ? kept : 1;
    uint32_t stamp = kept << RECORD_TIME_SHIFT |
                     load_relaxed(&thread->number) << RECORD_THREAD_SHIFT;
    store_relaxed(&thread->stamp, stamp);
    store_relaxed(&thread->stamp_live, (uint64_t)stamp + RECORD_LIVE);
    store_relaxed(&thread->stamp_free, (uint64_t)stamp + RECORD_FREE);
}

/* Two may be at it at once, the one with an older second behind the other: each looks whether it
 * has become older meanwhile. */
static void stamp_all(void) {
    uint32_t seconds;
    do {
        seconds = load_relaxed(&depot_seconds);
        for (struct thread *thread = threads_first(); thread != NULL; thread = thread->next_all) {
            stamp_thread(thread, seconds);
        }
        stamp_thread(&thread_none, seconds);
        stamp_thread(&thread_exited, seconds);
        /* T12 pairs with T12: of two that stamp, one sees the other's second, or is the last */
        atomic_thread_fence(memory_order_seq_cst);
    } while (load_relaxed(&depot_seconds) != seconds);
}

static void set_start(uint64_t ms) {
    store_relaxed(&start_ms, ms);
    space_root_set(ROOT_START_MS, ms);
}

uint64_t thread_clock(void) {
    uint64_t now_ms = sys_operations.clock_ms() - load_relaxed(&start_ms);
    uint32_t seconds = (uint32_t)(now_ms / 1000) + 1;
    uint32_t before = load_relaxed(&depot_seconds);
    /* Once a second, by whoever sees it first, for those too who only ever hit. Never back: who was
     * interrupted here brings an older second than somebody who was not. */
    if ((int32_t)(seconds - before) > 0 && swap_if_relaxed(&depot_seconds, &before, seconds)) {
        space_root_raise(ROOT_SECONDS, seconds);
        stamp_all();
    }
    return now_ms;
}

uint32_t thread_tick(struct thread *holder) {
    uint64_t now = thread_clock();
    thread_pass(holder);
    uint64_t elapsed = now - holder->tick_ms;
    if (elapsed < TICK_SHORT_MS) {
        holder->tick_interval = (uint32_t)min_size(holder->tick_interval * 2u, TICK_INTERVAL_MAX);
    } else if (elapsed > TICK_LONG_MS) {
        holder->tick_interval = elapsed > 10 * TICK_LONG_MS ? 1 : holder->tick_interval / 2 + 1;
    }
    holder->tick_ms = now;
    /* Who is seated looks at its own when it has left. */
    thread_current->tick_ms = now;
    return holder->tick_interval;
}

uint32_t thread_clock_step(void) {
    struct sys_signals before;
    sys_signals_block(&before);
    sys_lock_take(&threads_lock);
    uint64_t now_ms = thread_clock();
    set_start(load_relaxed(&start_ms) - (1000 - now_ms % 1000));
    (void)thread_clock();
    stamp_all(); /* somebody else may have seen it first, and be at it still */
    uint32_t seconds = load_relaxed(&depot_seconds) & RECORD_TIME_MASK;
    sys_lock_drop(&threads_lock);
    sys_signals_restore(&before);
    return seconds != 0 ? seconds : 1;
}

int64_t thread_age(uint32_t record_seconds) {
    if (record_seconds == 0) {
        return -1;
    }
    uint32_t age = (load_relaxed(&depot_seconds) - record_seconds) & RECORD_TIME_MASK;
    /* One second in the future: 0 was written as 1. */
    return age == RECORD_TIME_MASK ? 0 : age;
}

/* A number nobody has now: the one longest unused, so that notes last. 0: none. */
static unsigned take_number(void) {
    for (unsigned tried = 1; tried < THREAD_NUMBERS; tried++) {
        unsigned number = next_number;
        next_number = number + 1 < THREAD_NUMBERS ? number + 1 : 1;
        if (load_relaxed(&notes[number].id) == 0 || load_relaxed(&notes[number].exited)) {
            return number;
        }
    }
    return 0;
}

static void write_note(unsigned number) {
    struct thread_note *note = &notes[number];
    store_relaxed(&note->attached_seconds, load_relaxed(&depot_seconds));
    store_relaxed(&note->exited, 0);
    sys_thread_name(note->name);
    store_relaxed(&note->id, sys_thread_id());
}

/* A struct that no thread uses, or a new one; threads_lock. */
static struct thread *take_struct(void) {
    struct thread *thread = threads_first();
    while (thread != NULL && load_relaxed(&thread->in_use)) {
        thread = thread->next_all;
    }
    if (thread == NULL) {
        thread = block_take(sizeof *thread);
        if (thread == NULL) {
            return NULL;
        }
        store_relaxed(&thread->heap_end, thread_no_heap_table + HEAP_TABLE_BYTES);
        thread->next_all = load_relaxed(&all_threads);
        /* T1 pairs with T2: readers without the lock see a whole struct */
        store_release(&all_threads, thread);
        space_root_set(ROOT_THREADS, (uintptr_t)thread);
    }
    return thread;
}

static void publish_table(struct thread *thread, char *table, uint32_t bytes) {
    /* T6 pairs with T7: the table is whole; T8 pairs with T9: it has as many bytes */
    store_release(&thread->table, table);
    store_release(&thread->table_bytes, bytes);
}

const struct cache *thread_peek(const struct thread *thread, uint32_t offset) {
    if (!load_relaxed(&thread->in_use)) {
        return NULL;
    }
    if (offset >= CACHE_OFFSET_HEAP) {
        /* T11 pairs with T10 */
        const char *end = load_acquire(&thread->heap_end);
        return (const struct cache *)(const void *)(end + (int32_t)offset);
    }
    /* T9 pairs with T8 */
    if (offset >= load_acquire(&thread->table_bytes)) {
        return NULL;
    }
    /* T7 pairs with T6 */
    return (const struct cache *)(const void *)(load_acquire(&thread->table) + offset);
}

/* The table of the struct's last thread, which left it all zero, or a new one. */
static bool have_table(struct thread *thread) {
    if (load_relaxed(&thread->table_bytes) == 0) {
        char *table = block_take(TABLE_BYTES_MIN);
        if (table == NULL) {
            return false;
        }
        publish_table(thread, table, TABLE_BYTES_MIN);
    }
    return true;
}

struct thread *thread_make(unsigned number, bool caches) {
    struct thread *thread = take_struct();
    if (thread == NULL || (caches && !have_table(thread))) {
        return NULL;
    }
    (void)thread_clock();
    store_relaxed(&thread->number, number);
    stamp_thread(thread, load_relaxed(&depot_seconds));
    store_relaxed(&thread->own, number != 0 ? number << RECORD_THREAD_SHIFT | RECORD_LIVE
                                            : (uint32_t)THREAD_GOT_NONE);
    thread->tick_interval = TICK_INTERVAL_FIRST;
    thread->tick_ms = 0;
    thread->random = sample_next_seed();
    thread->sampling = 0;
    thread->sample_weight = 0;
    store_relaxed(&thread->stage, THREAD_SLOW); /* nobody need wait at a door never opened */
    store_relaxed(&thread->n_deferred, 0);
    store_relaxed(&thread->component, NULL);
    store_relaxed(&thread->account_places, thread_no_accounts);
    thread_pass(thread);
    bump_owned(&thread->generation, 2);
    store_relaxed(&thread->in_use, 1);
    return thread;
}

/* One more thread is attached, or one less; threads_lock is held. */
static void count_attached(int more) {
    n_attached += (uint32_t)more;
    seats_note_threads(n_attached);
}

static struct thread *attach_locked(void) {
    unsigned number = take_number();
    struct thread *thread = thread_make(number, load_relaxed(&seats_wanted) == 0);
    if (thread != NULL) {
        count_attached(1);
        if (number != 0) {
            write_note(number);
        }
    }
    return thread;
}

/* It ends, or never began: its number and its struct are free again; threads_lock is held. */
static void let_go(struct thread *thread) {
    if (load_relaxed(&thread->number) != 0) {
        store_relaxed(&notes[load_relaxed(&thread->number)].exited, 1);
    }
    count_attached(-1);
    /* G6 pairs with G5 in cache/grace.c: what its hits stored is seen */
    store_release(&thread->in_use, 0);
}

/* The calling thread is the struct's from now on. Its number may be one that a seated thread had:
 * while others are seated it is so from the beginning. */
static void settle_in(struct thread *thread) {
    thread_current = thread;
    if (load_relaxed(&seats_wanted) != 0) {
        seat_settle_in(thread);
        return;
    }
    store_relaxed(&thread->stage, THREAD_FAST);
    thread_open_door(thread);
}

bool thread_attach(void) {
    struct sys_signals before;
    sys_signals_block(&before);
    struct thread *thread = NULL;
    /* Again: a handler may have come first. */
    if (thread_current == &thread_none) {
        sys_lock_take(&threads_lock);
        thread = attach_locked();
        sys_lock_drop(&threads_lock);
        if (thread != NULL) {
            /* Without this the thread's end would go unseen and strand its caches. */
            if (sys_thread_exit_watch(thread) == 0) {
                settle_in(thread);
            } else {
                sys_lock_take(&threads_lock);
                let_go(thread);
                sys_lock_drop(&threads_lock);
            }
        }
    }
    sys_signals_restore(&before);
    return thread_current != &thread_none;
}

_Static_assert(POOLS_MAX * CACHE_BYTES <= BLOCK_BYTES_MAX, "a table can reach every pool's cache");

/* The old table stays where it is, for statistics may be reading it: all old ones of a thread
 * together are smaller than the new one. Of a thread its door is open, of a seat shut. */
static bool grow_table(struct thread *thread, uint32_t bytes) {
    size_t old_bytes = load_relaxed(&thread->table_bytes);
    if (old_bytes >= bytes) {
        return true;
    }
    size_t new_bytes = block_bytes(bytes);
    char *table = block_take(new_bytes);
    if (table == NULL) {
        return false;
    }
    /* Whoever draws caches in must not write into the copy's original meanwhile. */
    sys_lock_take(&threads_lock);
    memcpy(table, load_relaxed(&thread->table), old_bytes);
    publish_table(thread, table, (uint32_t)new_bytes);
    if (load_relaxed(&thread->open) != 0) {
        thread_open_door(thread);
    }
    sys_lock_drop(&threads_lock);
    return true;
}

static bool make_heap_table(struct thread *thread) {
    if (thread_has_heap_table(thread)) {
        return true;
    }
    char *table = block_take(HEAP_TABLE_BYTES);
    if (table != NULL) {
        /* T10 pairs with T11: it is zero */
        store_release(&thread->heap_end, table + HEAP_TABLE_BYTES);
    }
    return table != NULL;
}

static bool make_reach(struct thread *thread, uint32_t offset) {
    struct sys_signals before;
    sys_signals_block(&before);
    bool reached = offset >= CACHE_OFFSET_HEAP ? make_heap_table(thread)
                                               : grow_table(thread, offset + CACHE_BYTES);
    sys_signals_restore(&before);
    return reached;
}

bool thread_reach(struct thread *thread, uint32_t offset) {
    if (!thread_seated) {
        return thread_find_cache(thread, offset) != NULL || make_reach(thread, offset);
    }
    struct thread *seat = seat_take();
    if (seat == NULL) {
        seat_make();
        seat = seat_take();
    }
    if (seat == NULL) {
        return false;
    }
    bool reached = thread_find_cache(seat, offset) != NULL;
    if (reached) {
        seat_leave(seat);
    } else {
        thread_slow_down(seat);
        reached = make_reach(seat, offset);
        thread_leave_slow(seat);
    }
    return reached;
}

void thread_return_caches(struct thread *thread, bool alone) {
    struct cache *cache;
    for (uint32_t nth = 0; (cache = thread_nth_cache(thread, nth)) != NULL; nth++) {
        struct depot *depot = load_relaxed(&cache->depot);
        if (depot == NULL) {
            continue;
        }
        if (!alone) {
            sys_lock_take(&depot->lock);
        }
        /* It may have been drawn in and unbound before we had the lock. */
        if (load_relaxed(&cache->depot) == depot) {
            cache_return(cache, depot);
        }
        if (!alone) {
            sys_lock_drop(&depot->lock);
        }
    }
}

void thread_flush(void) {
    struct thread *thread = thread_current;
    struct sys_signals before;
    if (!thread_attached(thread) || thread_is_inside(thread)) {
        return; /* nothing cached, or in a handler that interrupted a get or put */
    }
    thread_ending(thread);
    sys_signals_block(&before);
    struct thread *holder = thread_enter(thread);
    if (holder != NULL) {
        thread_slow_down(holder);
        thread_return_caches(holder, false);
        thread_leave_slow(holder);
    }
    sys_signals_restore(&before);
}

/* Their rounds go to the depots; what the caches have learnt of their traffic stays. The next
 * refill takes what they held: so that where live objects rise and fall within one magazine, they
 * go on doing so, and not over the end of it. */
static void empty_caches(struct thread *holder) {
    struct cache *cache;
    for (uint32_t nth = 0; (cache = thread_nth_cache(holder, nth)) != NULL; nth++) {
        struct depot *depot = load_relaxed(&cache->depot);
        if (depot == NULL) {
            continue;
        }
        sys_lock_take(&depot->lock);
        /* It may have been drawn in and unbound before we had the lock. */
        if (load_relaxed(&cache->depot) == depot) {
            cache->resume = cache_loaded(cache);
            cache_close_gates(cache);
            cache_empty_out(cache, depot);
        }
        sys_lock_drop(&depot->lock);
    }
}

void thread_empty_caches(uint32_t sweep) {
    struct thread *thread = thread_current;
    struct sys_signals before;
    if (!thread_attached(thread) || thread_is_inside(thread) || thread->swept == sweep) {
        return;
    }
    sys_signals_block(&before);
    thread->swept = sweep;
    struct thread *holder = thread_enter(thread);
    if (holder == thread || (holder != NULL && holder->swept != sweep)) {
        holder->swept = sweep;
        thread_slow_down(holder);
        empty_caches(holder);
        thread_leave_slow(holder);
    } else if (holder != NULL) {
        thread_leave(holder);
    }
    sys_signals_restore(&before);
}

/* Give back all that a thread held; nobody uses its caches any more. The caller holds threads_lock;
 * `alone`: and every other lock, too. */
static void detach(struct thread *thread, bool alone) {
    store_relaxed(&thread->open, 0);
    thread_return_caches(thread, alone);
    if (thread_retiring != NULL) {
        thread_retiring(thread);
    }
    /* T3 pairs with T4 and T5 in pool/stats.c: what was read in between is of no one thread */
    store_release(&thread->generation, load_relaxed(&thread->generation) + 1);
    let_go(thread);
}

/* The thread's end: called by libc with the thread's struct. Other destructors may still put
 * after us; they find thread_exited and go to the depots directly. */
static void thread_ended(void *argument) {
    struct sys_signals before;
    thread_ending(argument);
    sys_signals_block(&before);
    thread_current = &thread_exited;
    thread_seated = false;
    /* Nobody need wait at a door that stays shut. */
    thread_slow_down(argument);
    sys_lock_take(&threads_lock);
    detach(argument, false);
    sys_lock_drop(&threads_lock);
    sys_signals_restore(&before);
}

int threads_init(void (*ending)(struct thread *thread)) {
    if (notes == NULL) {
        notes = block_take(THREAD_NUMBERS * sizeof *notes);
        if (notes == NULL) {
            return -ENOMEM;
        }
        thread_ending = ending;
        int result = sys_thread_exit_init(thread_ended);
        if (result != 0) {
            block_give(notes, THREAD_NUMBERS * sizeof *notes);
            notes = NULL;
            return result;
        }
        seats_init();
        space_root_set(ROOT_NOTES, (uintptr_t)notes);
        set_start(sys_operations.clock_ms());
        (void)thread_clock();
        space_root_raise(ROOT_SECONDS, load_relaxed(&depot_seconds));
    }
    return 0;
}

void thread_give_up_caches(struct thread *thread) {
    store_relaxed(&thread->table_bytes, 0);
    store_relaxed(&thread->heap_end, thread_no_heap_table + HEAP_TABLE_BYTES);
}

void threads_child(bool stopped) {
    struct thread *self = thread_current;
    seats_child(stopped);
    for (struct thread *thread = threads_first(); thread != NULL; thread = thread->next_all) {
        if (thread == self || !load_relaxed(&thread->in_use) ||
            load_relaxed(&thread->seat_of) != 0) {
            continue;
        }
        if (!stopped && load_relaxed(&thread->open) == 0 &&
            load_relaxed(&thread->stage) == THREAD_FAST) {
            thread_give_up_caches(thread);
        }
        detach(thread, true);
    }
    if (thread_attached(self) && load_relaxed(&self->number) != 0) {
        store_relaxed(&notes[load_relaxed(&self->number)].id, sys_thread_id());
    }
}
