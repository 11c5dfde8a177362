/* SPDX-License-Identifier: MIT */
/* The depot: magazines, loose rounds, and slabs of one pool. */
#include "depot/depot.h"

#include "base/bits.h"

#include <errno.h>
#include <string.h>

enum {
    MAGAZINE_BYTES = 32 << 10,  /* of objects, in one magazine, where exchanges are rapid; */
    CALM_BYTES = 4 << 10,       /* where they are not */
    UNCACHED_STRIDE = 256 << 10, /* from here on a lock is nothing beside the object's own cost */
    BIG_STRIDE = 64 << 10,      /* from here on a magazine holds one, */
    BIG_TAGGED_STRIDE = 32 << 10, /* and the heap's: they are for use in other sizes, too */
    DEPOT_BYTES = 4 << 20,      /* of objects, in the depot, */
    DEPOT_MAGAZINES = 16,       /* or so many magazines, */
    DEPOT_ROUNDS = 32 << 10,    /* or so many rounds, which are half a megabyte */
    SPARE_MAGAZINES = 64,       /* kept empty for the puts to come */
    EXCHANGES_TO_GROW = 8,
    EXCHANGES_RAPID = 256,      /* in one second: of which they take some ten microseconds */
    SWAPS_AS_EXCHANGES = 3,     /* what as many swaps cost as a cache counts before it asks */
    COLOUR_POOL = 13,           /* slots by which the first slabs of two pools are shifted */
    COLOUR_SLAB = 29,           /* and two slabs of one pool; both odd and far from 2^k */
    HUGE_FROM_BYTES = 16 << 20, /* of slabs */
    SLABS_A_PUNCH = 16,         /* looked at */
    RELAX_SHARE = 8,            /* no longer tight when 1/8 of what is carved is free */
};

_Atomic uint32_t depot_seconds = 1;

/* 2^k - 1 rounds of so many bytes of objects, at least 1. */
static uint32_t rounds_of_bytes(const struct shape *shape, size_t bytes) {
    size_t fit = bytes / shape->stride;
    uint32_t rounds = MAGAZINE_ROUNDS_MAX;
    while (rounds > fit && rounds > 1) {
        rounds /= 2;
    }
    return rounds;
}

/* Rounds of the largest magazine. */
static uint32_t choose_rounds_max(const struct shape *shape) {
    if (shape->stride >= UNCACHED_STRIDE) {
        return 0;
    }
    if (shape->stride >= (shape->tagged != 0 ? BIG_TAGGED_STRIDE + 1 : BIG_STRIDE)) {
        return 1;
    }
    return (uint32_t)max_size(rounds_of_bytes(shape, MAGAZINE_BYTES), 2);
}

/* One by one: others may be reading those of the pool that was here before. */
static void clear_counters(struct depot *depot) {
    store_relaxed(&depot->n_slabs, 0);
    store_relaxed(&depot->slots, 0);
    store_relaxed(&depot->home, 0);
    store_relaxed(&depot->rounds, 0);
    store_relaxed(&depot->parked_rounds, 0);
    store_relaxed(&depot->peak, 0);
    store_relaxed(&depot->gets, 0);
    store_relaxed(&depot->puts, 0);
    store_relaxed(&depot->duplicates, 0);
    store_relaxed(&depot->refused, 0);
    store_relaxed(&depot->misuses, 0);
}

void depot_init(struct depot *depot, const struct shape *shape, uint32_t number) {
    size_t plain = offsetof(struct depot, pool);
    memset((char *)depot + plain, 0, offsetof(struct depot, n_slabs) - plain);
    clear_counters(depot);
    depot->shape = *shape;
    depot->number = number;
    depot->cache_offset = depot_cache_offset(number);
    depot->slot_limit = SIZE_MAX;
    depot->rounds_max = choose_rounds_max(shape);
    depot->rounds_bound = max_size((size_t)DEPOT_MAGAZINES * depot->rounds_max,
                                   min_size(DEPOT_BYTES / shape->stride, DEPOT_ROUNDS));
    depot->rounds_calm =
        (uint32_t)min_size(rounds_of_bytes(shape, CALM_BYTES), depot->rounds_max);
    depot->target = (uint32_t)min_size(MAGAZINE_ROUNDS_FIRST, depot->rounds_calm);
    list_init(&depot->partial);
    list_init(&depot->empty);
    list_init(&depot->slabs);
}

bool (*_Atomic depot_charge)(struct mempool_component *component, int64_t bytes);

/* The heap's blocks are charged one by one, not by the slab. */
static bool charge_slab(const struct depot *depot, uint32_t *ret_flags) {
    bool (*charge)(struct mempool_component *, int64_t) = load_relaxed(&depot_charge);
    *ret_flags = 0;
    if (charge == NULL || depot->shape.tagged != 0) {
        return true;
    }
    *ret_flags = SLAB_CHARGED;
    return charge(depot->component, (int64_t)shape_slab_bytes(&depot->shape));
}

static void uncharge(const struct depot *depot, uint32_t flags) {
    if ((flags & SLAB_CHARGED) != 0) {
        bool (*charge)(struct mempool_component *, int64_t) = load_relaxed(&depot_charge);
        (void)charge(depot->component, -(int64_t)shape_slab_bytes(&depot->shape));
    }
}

void depot_uncharge_slab(const struct depot *depot, struct slab *slab) {
    uncharge(depot, slab->flags);
    slab->flags &= ~(uint32_t)SLAB_CHARGED;
}

static struct slab *add_slab(struct depot *depot) {
    uint32_t flags;
    if (!charge_slab(depot, &flags)) {
        return NULL;
    }
    uint32_t offset = depot->uncached ? CACHE_OFFSET_NONE : depot->cache_offset;
    uint32_t colour = COLOUR_POOL * (depot->number + 1) + COLOUR_SLAB * depot->colours++;
    size_t held = load_relaxed(&depot->n_slabs) * shape_slab_bytes(&depot->shape);
    bool large = held >= HUGE_FROM_BYTES && depot->shape.chunks <= HUGE_CHUNKS;
    struct slab *slab =
        slab_create(&depot->shape, depot, offset, colour, large ? &depot->span : NULL);
    if (slab == NULL) {
        uncharge(depot, flags);
        return NULL;
    }
    slab->flags |= flags;
    slab->empty_since = load_relaxed(&depot_seconds);
    list_append(&depot->slabs, &slab->sibling);
    list_append(&depot->empty, &slab->link);
    bump_owned(&depot->n_slabs, 1);
    bump_owned(&depot->home, depot->shape.slots);
    bump_owned(&depot->slots, depot->shape.slots);
    return slab;
}

/* The slabs of `count` slots, if there was nothing else in the arena. */
static bool arena_could_hold(const struct depot *depot) {
    const struct shape *shape = &depot->shape;
    size_t slabs = depot->count / shape->slots + (depot->count % shape->slots != 0);
    return slabs <= (space.arena_bytes >> CHUNK_SHIFT) / shape->chunks;
}

int depot_reserve(struct depot *depot) {
    if (!arena_could_hold(depot)) {
        return -ENOMEM;
    }
    while (load_relaxed(&depot->slots) < depot->count) {
        if (add_slab(depot) == NULL) {
            return -ENOMEM;
        }
    }
    return 0;
}

void depot_note_live(struct depot *depot, size_t live) {
    size_t peak = load_relaxed(&depot->peak);
    while (live > peak && !swap_if_relaxed(&depot->peak, &peak, live)) {
    }
}

/* A slab with slots at home: in use ones first, so that others can become empty. */
static struct slab *ready_slab(struct depot *depot, bool may_grow) {
    if (!list_empty(&depot->partial)) {
        return list_entry(depot->partial.next, struct slab, link);
    }
    if (!list_empty(&depot->empty)) {
        /* the one that became empty last: its pages are most likely still there */
        return list_entry(depot->empty.previous, struct slab, link);
    }
    return may_grow ? add_slab(depot) : NULL;
}

uint32_t depot_carve(struct depot *depot, struct round *rounds, uint32_t n, bool may_grow) {
    size_t carved = load_relaxed(&depot->slots) - load_relaxed(&depot->home);
    uint32_t got = 0;
    n = (uint32_t)min_size(n, depot->slot_limit - carved);
    while (got < n) {
        struct slab *slab = ready_slab(depot, may_grow);
        if (slab == NULL) {
            break;
        }
        uint32_t here = slab_carve(slab, &depot->shape, rounds + got, n - got, depot->raw);
        got += here;
        store_relaxed(&depot->home, load_relaxed(&depot->home) - here);
        list_remove(&slab->link);
        if (slab->home > 0) {
            list_push(&depot->partial, &slab->link);
        }
    }
    return got;
}

void depot_slab_gained(struct depot *depot, struct slab *slab) {
    bump_owned(&depot->home, 1);
    if (slab->home == depot->shape.slots) {
        list_remove(&slab->link);
        slab->empty_since = load_relaxed(&depot_seconds);
        list_append(&depot->empty, &slab->link);
    } else if (slab->home == 1) {
        list_push(&depot->partial, &slab->link);
    }
}

void depot_round_home(struct depot *depot, struct round round) {
    struct slab *slab = slab_of(round.object);
    if (slab_give(slab, &depot->shape, round) == SLAB_GIVEN) {
        depot_slab_gained(depot, slab);
    } else {
        depot_note_raced(depot, round.object);
    }
}

void depot_note_raced(struct depot *depot, const void *object) {
    bump_owned(&depot->duplicates, 1);
    uint32_t n = load_relaxed(&depot->n_raced);
    if (n < DEPOT_RACED) {
        depot->raced[n] = object;
    }
    store_relaxed(&depot->n_raced, n + 1);
}

static void count_rounds(struct depot *depot, size_t now) {
    store_relaxed(&depot->rounds, now);
    if (now < depot->rounds_low) {
        depot->rounds_low = now;
    }
}

struct magazine *depot_empty_magazine(struct depot *depot) {
    struct magazine *magazine = depot->spare;
    if (magazine == NULL) {
        return magazine_create(depot->target);
    }
    depot->spare = magazine->next;
    depot->n_spare--;
    return magazine;
}

static void drop_stale(struct depot *depot) {
    struct magazine *magazine;
    while ((magazine = depot->stale) != NULL) {
        depot->stale = magazine->next;
        magazine_destroy(magazine);
    }
}

void depot_drop_spare(struct depot *depot) {
    drop_stale(depot);
    while (depot->spare != NULL) {
        magazine_destroy(depot_empty_magazine(depot));
    }
}

static void keep_or_destroy(struct depot *depot, struct magazine *magazine) {
    drop_stale(depot);
    if (magazine->capacity != depot->target || depot->n_spare >= SPARE_MAGAZINES) {
        magazine_destroy(magazine);
        return;
    }
    magazine->next = depot->spare;
    depot->spare = magazine;
    depot->n_spare++;
}

static void grow_magazines(struct depot *depot) {
    depot->exchanges = 0;
    depot_drop_spare(depot);
    depot->target = (uint32_t)min_size(depot->target * 2 + 1, depot->rounds_max);
}

/* A few exchanges show that a pool is in use at all; more memory is spent on it where exchanges
 * cost time that is worth speaking of. */
static void count_exchanges(struct depot *depot, uint32_t n) {
    uint32_t seconds = load_relaxed(&depot_seconds);
    bool calm = depot->target >= depot->rounds_calm;
    if (calm && depot->exchanges_since != seconds) {
        depot->exchanges_since = seconds;
        depot->exchanges = 0;
    }
    depot->exchanges += n;
    if (depot->exchanges >= (calm ? EXCHANGES_RAPID : EXCHANGES_TO_GROW)) {
        grow_magazines(depot);
    }
}

void depot_note_swaps(struct depot *depot, uint32_t capacity) {
    if (capacity >= depot->target && depot->target < depot->rounds_max) {
        count_exchanges(depot, depot->target < depot->rounds_calm ? EXCHANGES_TO_GROW
                                                                  : SWAPS_AS_EXCHANGES);
    }
}

void depot_note_exchange(struct depot *depot) {
    if (depot->target < depot->rounds_max) {
        count_exchanges(depot, 1);
    }
}

struct magazine *depot_take_magazine(struct depot *depot) {
    struct magazine *magazine = depot->full;
    if (magazine != NULL) {
        depot->full = magazine->next;
    } else if (depot->loose != NULL && load_relaxed(&depot->loose->n) > 0) {
        magazine = depot->loose;
        depot->loose = NULL;
    } else {
        return NULL;
    }
    count_rounds(depot, load_relaxed(&depot->rounds) - load_relaxed(&magazine->n));
    return magazine;
}

void depot_give_magazine(struct depot *depot, struct magazine *magazine) {
    size_t rounds = load_relaxed(&depot->rounds);
    if (!depot->tight && rounds + load_relaxed(&magazine->n) > depot->rounds_bound) {
        /* What is above the bound goes straight home. */
        while (load_relaxed(&magazine->n) > 0) {
            depot_round_home(depot, magazine_pop(magazine));
        }
    }
    if (load_relaxed(&magazine->n) == 0) {
        keep_or_destroy(depot, magazine);
        return;
    }
    magazine->next = depot->full;
    depot->full = magazine;
    count_rounds(depot, rounds + load_relaxed(&magazine->n));
}

void depot_settle_magazine(struct depot *depot, struct magazine *magazine) {
    uint32_t n = load_relaxed(&magazine->n);
    uint32_t good = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct round round = magazine->rounds[i];
        uint64_t value = load_relaxed(round.slot_record);
        if (record_is_parked(value)) {
            store_relaxed(round.slot_record, record_with_state(value, RECORD_FREE));
            magazine->rounds[good++] = round;
        } else {
            depot_note_raced(depot, round.object);
        }
    }
    store_relaxed(&magazine->n, good);
    store_relaxed(&depot->parked_rounds, load_relaxed(&depot->parked_rounds) - n);
    depot_give_magazine(depot, magazine);
}

/* A magazine with a round to take, or with room for one. */
static struct magazine *loose_for_take(struct depot *depot, bool may_grow) {
    if (depot->loose != NULL && load_relaxed(&depot->loose->n) > 0) {
        return depot->loose;
    }
    if (depot->full != NULL) {
        if (depot->loose != NULL && may_grow) {
            keep_or_destroy(depot, depot->loose);
        } else if (depot->loose != NULL) {
            /* Whom the handler interrupted may hold the lock that memory is given back under. */
            depot->loose->next = depot->stale;
            depot->stale = depot->loose;
        }
        depot->loose = depot->full;
        depot->full = depot->loose->next;
        return depot->loose;
    }
    if (depot->loose == NULL && may_grow) {
        depot->loose = magazine_create((uint32_t)max_size(depot->target, 1));
    }
    return depot->loose;
}

bool depot_take(struct depot *depot, struct round *ret_round, bool may_grow) {
    struct magazine *loose = loose_for_take(depot, may_grow);
    if (loose == NULL || load_relaxed(&loose->n) == 0) {
        return depot_carve(depot, ret_round, 1, may_grow) == 1;
    }
    *ret_round = magazine_pop(loose);
    count_rounds(depot, load_relaxed(&depot->rounds) - 1);
    return true;
}

void depot_give(struct depot *depot, struct round round) {
    struct magazine *loose = depot->loose;
    if (loose != NULL && load_relaxed(&loose->n) == loose->capacity) {
        loose->next = depot->full;
        depot->full = loose;
        depot->loose = loose = NULL;
    }
    if (load_relaxed(&depot->rounds) >= depot->rounds_bound || loose == NULL) {
        /* No magazine at hand, and a put must not fail: the slab needs no memory for it. */
        depot_round_home(depot, round);
        return;
    }
    magazine_push(loose, round);
    count_rounds(depot, load_relaxed(&depot->rounds) + 1);
}

size_t depot_send_home(struct depot *depot, size_t n) {
    size_t sent = 0;
    while (sent < n) {
        struct magazine *magazine = depot_take_magazine(depot);
        if (magazine == NULL) {
            break;
        }
        while (load_relaxed(&magazine->n) > 0) {
            depot_round_home(depot, magazine_pop(magazine));
            sent++;
        }
        magazine_destroy(magazine);
    }
    return sent;
}

struct slab *depot_detach_empty(struct depot *depot, uint32_t before) {
    if (list_empty(&depot->empty)) {
        return NULL;
    }
    struct slab *slab = list_entry(depot->empty.next, struct slab, link);
    size_t slots = load_relaxed(&depot->slots) - depot->shape.slots;
    if ((slots < depot->count && !depot->ended) || slab->empty_since >= before) {
        return NULL;
    }
    list_remove(&slab->link);
    list_remove(&slab->sibling);
    store_relaxed(&depot->home, load_relaxed(&depot->home) - depot->shape.slots);
    store_relaxed(&depot->slots, slots);
    store_relaxed(&depot->n_slabs, load_relaxed(&depot->n_slabs) - 1);
    return slab;
}

/* Who was looked at goes to the end: so the first in the list is the next, and when all have been
 * looked at they are in the same order as before. */
bool depot_punch_some(struct depot *depot, uint32_t sweep) {
    size_t bytes = 0;
    for (int looks = 0; looks < SLABS_A_PUNCH && bytes == 0; looks++) {
        struct slab *slab = list_entry(depot->partial.next, struct slab, link);
        if (list_empty(&depot->partial) || slab->swept == sweep) {
            return false;
        }
        slab->swept = sweep;
        list_remove(&slab->link);
        list_append(&depot->partial, &slab->link);
        bytes = slab_punch(slab, &depot->shape);
    }
    return true;
}

void depot_relax(struct depot *depot) {
    size_t carved = load_relaxed(&depot->slots) - load_relaxed(&depot->home);
    size_t may_carve = depot->slot_limit - carved;
    size_t free_slots = load_relaxed(&depot->rounds) + may_carve;
    if (depot->tight && !depot->uncached && !depot->held &&
        free_slots > depot->slot_limit / RELAX_SHARE + 2 * (size_t)depot->rounds_max) {
        depot->tight = false;
    }
}

void depot_drop_idle_span(struct depot *depot) {
    size_t held = load_relaxed(&depot->n_slabs) * shape_slab_bytes(&depot->shape);
    if (depot->span.left > 0 && held < HUGE_FROM_BYTES) {
        slab_drop_span(&depot->span);
    }
}

void depot_close(struct depot *depot) {
    depot->tight = true;
    slab_drop_span(&depot->span);
    depot_drop_spare(depot);
    if (depot->loose != NULL && load_relaxed(&depot->loose->n) == 0) {
        magazine_destroy(depot->loose);
        depot->loose = NULL;
    }
}
