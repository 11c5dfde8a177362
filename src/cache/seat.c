/* SPDX-License-Identifier: MIT */
/* Seats. */
#include "cache/seat.h"

#include "base/bits.h"
#include "base/prefetch.h"
#include "cache/hit.h"
#include "cache/park.h"
#include "sys/sys.h"

enum {
    THREADS_FOR_EACH = 2, /* processor: with more it is worth it to be seated, */
    THREADS_LEAST = 4,    /* but not below so many */
    TAKEN_OFTEN = 4096,   /* in one second: worth the memory of a second seat */
};

_Atomic(uint32_t) *_Atomic seat_doors[SEATS_EACH][SEATS_MAX];
uint32_t seats_n;
_Atomic uint32_t seats_wanted;
_Atomic uint64_t seated_numbers[RECORD_THREAD_MASK / 64 + 1];
static uint32_t seat_threads_max = UINT32_MAX;

/* How often a processor's first seat was found taken in this second; about, for nobody waits. */
static struct {
    _Atomic uint32_t seconds, times;
} taken[SEATS_MAX];

static enum seats_use seats_use;

void seats_choose(enum seats_use use) {
    seats_use = use;
}

void seats_init(void) {
    uint32_t processors = sys_processors();
    if (processors == 0 || processors > SEATS_MAX || !sys_barrier_available()) {
        return;
    }
    for (uint32_t nth = 0; nth < SEATS_EACH; nth++) {
        for (uint32_t i = 0; i < processors; i++) {
            store_relaxed(&seat_doors[nth][i], &thread_none.open);
        }
    }
    seats_n = processors;
    if (seats_use == SEATS_WHERE_MANY) {
        seat_threads_max = (uint32_t)max_size(THREADS_FOR_EACH * (size_t)sys_processors_allowed(),
                                              THREADS_LEAST);
    } else if (seats_use == SEATS_ALWAYS) {
        seat_threads_max = 0;
    }
}

void seats_note_threads(uint32_t n) {
    if (n > seat_threads_max) {
        store_relaxed(&seats_wanted, 1);
    }
}

static void make_nth(uint32_t nth, uint32_t processor) {
    struct thread *seat = thread_make(0, true);
    if (seat != NULL) {
        store_relaxed(&seat->seat_of, processor + 1);
        store_relaxed(&seat->stage, THREAD_FAST);
        thread_open_door(seat);
        /* W1 pairs with W2 in sys/processor.h: the seat is whole */
        store_release(&seat_doors[nth][processor], &seat->open);
    }
}

static bool there_is(uint32_t nth, uint32_t processor) {
    return load_relaxed(&seat_doors[nth][processor]) != &thread_none.open;
}

static bool taken_often(uint32_t processor) {
    uint32_t seconds = load_relaxed(&depot_seconds);
    if (load_relaxed(&taken[processor].seconds) != seconds) {
        store_relaxed(&taken[processor].seconds, seconds);
        store_relaxed(&taken[processor].times, 0);
    }
    bump_owned(&taken[processor].times, 1);
    return load_relaxed(&taken[processor].times) >= TAKEN_OFTEN;
}

void seat_make(void) {
    struct sys_signals before;
    uint32_t processor = sys_processor_now();
    if (processor >= seats_n) {
        return;
    }
    uint32_t nth = there_is(0, processor) ? 1 : 0;
    if (nth > 0 && (there_is(nth, processor) || !taken_often(processor))) {
        return;
    }
    sys_signals_block(&before);
    sys_lock_take(&threads_lock);
    if (!there_is(nth, processor)) { /* still */
        make_nth(nth, processor);
    }
    sys_lock_drop(&threads_lock);
    sys_signals_restore(&before);
}

MEMPOOL_NOINLINE struct thread *seat_take_second(void) {
    _Atomic(uint32_t) *door = sys_processor_take(seat_doors[1], seats_n);
    if (door == NULL) {
        store_relaxed(&thread_inside, THREAD_OUTSIDE);
        return NULL;
    }
    return thread_of_door(door);
}

/* Nobody need wait at its door, nor for it to pass a mark. */
void seat_settle_in(struct thread *self) {
    store_relaxed(&self->open, 0);
    store_relaxed(&self->stage, THREAD_SLOW);
    thread_pass_for_good(self);
    store_relaxed(&thread_inside, THREAD_OUTSIDE);
    unsigned number = load_relaxed(&self->number);
    if (number != 0) {
        /* S1 pairs with S2 in cache/seat.h: its plain stores into records are over */
        (void)atomic_fetch_or_explicit(&seated_numbers[number / 64], (uint64_t)1 << number % 64,
                                       memory_order_release);
    }
    thread_seated = true;
}

void seat_begin(void) {
    struct thread *self = thread_current;
    struct sys_signals before;
    if (!thread_attached(self) || thread_is_inside(self)) {
        return;
    }
    sys_signals_block(&before);
    thread_shut_door(self);
    thread_slow_down(self);
    thread_return_caches(self, false);
    sys_lock_take(&threads_lock);
    if (thread_sitting_down != NULL) {
        thread_sitting_down(self);
    }
    /* They are empty. Where this is a handler that interrupted a hit just before its door was shut,
     * that hit opens the door again, to no table. */
    thread_give_up_caches(self);
    sys_lock_drop(&threads_lock);
    seat_settle_in(self);
    sys_signals_restore(&before);
}

static void free_in_child(_Atomic(uint32_t) *_Atomic *place, bool stopped) {
    _Atomic(uint32_t) *door = load_relaxed(place);
    struct thread *seat = thread_of_door(door);
    if (seat == &thread_none || load_relaxed(door) != 0) {
        return;
    }
    if (!stopped && load_relaxed(&seat->stage) == THREAD_FAST) {
        /* Its caches are not to be trusted; its tallies are right to within a block. */
        thread_give_up_caches(seat);
        store_relaxed(&seat->stage, THREAD_SLOW); /* nobody need wait at its door */
        store_relaxed(place, &thread_none.open);
        return;
    }
    store_relaxed(&seat->stage, THREAD_FAST);
    thread_open_door(seat);
}

void seats_child(bool stopped) {
    for (uint32_t nth = 0; nth < SEATS_EACH; nth++) {
        for (uint32_t i = 0; i < seats_n; i++) {
            free_in_child(&seat_doors[nth][i], stopped);
        }
    }
}

/* ---- hits ------------------------------------------------------------------------------------ */

void *seat_get(uintptr_t offset, uintptr_t site, uint64_t *ret_before) {
    struct thread *seat = seat_take();
    void *object = NULL;
    if (MEMPOOL_UNLIKELY(seat == NULL)) {
        return NULL;
    }
    if (MEMPOOL_LIKELY(offset < load_folded(&seat->table_bytes))) {
        struct cache *cache = thread_cache(seat, offset);
        object = hit_get(thread_current, cache, site, ret_before);
        if (MEMPOOL_LIKELY(object != NULL)) {
            hit_prefetch_next(cache);
        }
    }
    seat_leave(seat);
    return object;
}

static bool put_on(const struct thread *self, struct cache *cache, struct round round,
                   uintptr_t site) {
    uint64_t value = load_relaxed(round.slot_record);
    struct round *top = load_relaxed(&cache->top);
    if (MEMPOOL_UNLIKELY(!seat_may_lay(self, value))) {
        return park_hit(self, cache, round, value, site);
    }
    return MEMPOOL_LIKELY(top < load_folded(&cache->ceiling)) &&
           seat_lay(self, cache, top, round, value, site);
}

bool seat_put(void *object, uintptr_t site, bool heap) {
    struct descriptor *descriptor;
    struct round round = {.object = object};
    if (slot_find(object, &descriptor, &round.slot_record) != SLOT_FOUND) {
        return false;
    }
    prefetch_to_write(round.slot_record);
    struct thread *seat = seat_take();
    if (MEMPOOL_UNLIKELY(seat == NULL)) {
        return false;
    }
    uint32_t offset = load_relaxed(&descriptor->cache_offset);
    bool put = false;
    if (heap ? offset >= CACHE_OFFSET_HEAP : offset < load_relaxed(&seat->table_bytes)) {
        struct cache *cache = heap ? thread_heap_cache(seat, (int32_t)offset)
                                   : thread_cache(seat, offset);
        put = put_on(thread_current, cache, round, site);
    }
    seat_leave(seat);
    return put;
}
