/* SPDX-License-Identifier: MIT */
/* Puts of objects that another thread got. */
#include "cache/park.h"

#include "cache/seat.h"

enum {
    PARKED_BYTES = 1 << 20, /* of one pool's objects, */
    PARKED_ROUNDS = 2048,   /* or so many of them, are worth a barrier, */
    PARKED_ROUNDS_MIN = 31, /* but no fewer than these */
};

static bool mark_parked(record *slot_record, uint64_t parked_record, uint64_t *parked_of) {
    return park_mark(slot_record, load_relaxed(slot_record), parked_record, parked_of);
}

bool park_put(void *object, uintptr_t site, bool heap) {
    if (thread_seated) {
        return seat_put(object, site, heap);
    }
    struct descriptor *descriptor;
    struct round round = {.object = object};
    if (slot_find(object, &descriptor, &round.slot_record) != SLOT_FOUND) {
        return false;
    }
    struct thread *thread = thread_current;
    uint32_t offset = load_relaxed(&descriptor->cache_offset);
    uint32_t open = load_relaxed(&thread->open);
    if (open == 0 || (heap ? offset < CACHE_OFFSET_HEAP : offset >= open)) {
        return false;
    }
    thread_shut_door(thread);
    struct cache *cache = heap ? thread_heap_cache(thread, (int32_t)offset)
                               : thread_cache(thread, offset);
    uint64_t value = load_relaxed(round.slot_record);
    bool put = !thread_got(thread, value) && park_hit(thread, cache, round, value, site);
    thread_open_door(thread);
    return put;
}

/* ---- under the depot's lock ---------------------------------------------------------------- */

static void settle(struct depot *depot, struct magazine **list) {
    struct magazine *magazine = *list;
    *list = NULL;
    while (magazine != NULL) {
        struct magazine *next = magazine->next;
        depot_settle_magazine(depot, magazine);
        magazine = next;
    }
}

/* Let what is parked now wait. */
static void mark_parked_list(struct depot *depot) {
    depot->waiting = depot->parked;
    depot->waiting_of = depot->parked_of;
    depot->parked = NULL;
    depot->parked_of = 0;
    depot->waiting_for = grace_mark();
}

/* Settle what waits, if it has waited long enough. */
static bool settle_waiting(struct depot *depot, bool press) {
    bool past = depot->waiting != NULL &&
                (press ? grace_press(depot->waiting_for, depot->waiting_of)
                       : grace_passed(depot->waiting_for, depot->waiting_of));
    if (past) {
        settle(depot, &depot->waiting);
    }
    return past;
}

bool park_settle(struct depot *depot, bool press) {
    bool settled = settle_waiting(depot, press);
    if (depot->waiting == NULL && depot->parked != NULL) {
        mark_parked_list(depot);
        settled = (press && settle_waiting(depot, true)) || settled;
    }
    return settled;
}

void park_settle_all(struct depot *depot) {
    settle(depot, &depot->waiting);
    settle(depot, &depot->parked);
    depot->parked_of = 0;
}

void park_settle_some(struct depot *depot) {
    size_t rounds = load_relaxed(&depot->parked_rounds);
    (void)park_settle(depot, rounds >= PARKED_ROUNDS ||
                                 (rounds >= PARKED_ROUNDS_MIN &&
                                  rounds * depot->shape.stride >= PARKED_BYTES));
}

static void push_parked(struct depot *depot, struct magazine *magazine, uint32_t n) {
    store_relaxed(&magazine->n, n);
    magazine->next = depot->parked;
    depot->parked = magazine;
    bump_owned(&depot->parked_rounds, n);
}

void park_hand_in(struct cache *cache, struct depot *depot) {
    struct magazine *parked = load_relaxed(&cache->parked);
    uint32_t n = load_relaxed(&cache->parked_n);
    if (parked == NULL) {
        return;
    }
    store_relaxed(&cache->parked, NULL);
    store_relaxed(&cache->parked_n, 0);
    depot->parked_of |= cache->parked_of;
    cache->parked_of = 0;
    bump_owned(&cache->filled, 0 - (uint64_t)n);
    push_parked(depot, parked, n);
}

bool park_in_cache(struct cache *cache, struct depot *depot, struct round round,
                   uint64_t parked_record, bool *ret_room) {
    const struct magazine *full = load_relaxed(&cache->parked);
    if (full != NULL && load_relaxed(&cache->parked_n) == full->capacity) {
        park_hand_in(cache, depot);
        depot_note_exchange(depot);
        park_settle_some(depot);
    }
    if (load_relaxed(&cache->parked) == NULL) {
        store_relaxed(&cache->parked, depot_empty_magazine(depot));
    }
    struct magazine *parked = load_relaxed(&cache->parked);
    *ret_room = parked != NULL;
    if (!*ret_room || !mark_parked(round.slot_record, parked_record, &cache->parked_of)) {
        return false;
    }
    uint32_t n = load_relaxed(&cache->parked_n);
    parked->rounds[n] = round;
    store_relaxed(&cache->parked_n, n + 1);
    return true;
}

bool park_in_depot(struct depot *depot, struct round round, uint64_t parked_record, bool may_grow,
                   bool *ret_room) {
    struct magazine *parked = depot->parked;
    if (parked == NULL || load_relaxed(&parked->n) == parked->capacity) {
        parked = may_grow || depot->spare != NULL ? depot_empty_magazine(depot) : NULL;
        if (parked != NULL) {
            push_parked(depot, parked, 0);
        }
    }
    *ret_room = parked != NULL;
    if (!*ret_room || !mark_parked(round.slot_record, parked_record, &depot->parked_of)) {
        return false;
    }
    magazine_push(parked, round);
    bump_owned(&depot->parked_rounds, 1);
    return true;
}

bool park_alone(struct round round, uint64_t parked_record) {
    uint64_t parked_of = 0;
    if (!mark_parked(round.slot_record, parked_record, &parked_of)) {
        return false;
    }
    uint64_t mark = grace_mark();
    while (!grace_press(mark, parked_of)) {
        sys_yield();
    }
    uint64_t value = load_relaxed(round.slot_record);
    if (record_is_parked(value)) {
        store_relaxed(round.slot_record, record_with_state(value, RECORD_FREE));
    }
    return record_is_parked(value);
}
