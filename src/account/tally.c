/* SPDX-License-Identifier: MIT */
/* The slow half of tallies: bounds of the room, grants, peaks, sums. */
#include "account/tally.h"

#include "account/sampled.h"
#include "base/attributes.h"
#include "base/bits.h"
#include "cache/seat.h"
#include "vm/blocks.h"

#include <string.h>

enum {
    TALLIES_FIRST = 64,
    GRANT_LEAST = 4 << 10,
    GRANT_BLOCKS = 2,   /* a grant is so many of the block that asks for it, but not above */
    GRANT_BLOCKS_BYTES = 128 << 10,
    LIVE_SHARE = 64,    /* and this part of what is live */
    CAP_GRANTS = 4,     /* a balance is capped at so many grants */
    BLOCKS_LEAST = 64,  /* room for blocks beside other threads */
    NOTED_MS = 100,     /* since peaks were noted: they are due; */
    NOTED_KIB = 64,     /* or so much was granted since, and a sixteenth */
    READER_TRIES = 1000, /* of a tally whose owner is off its processor in the middle */
};

/* A tally's figures, as they are outside its lanes. */
struct figures {
    int64_t balance, cap; /* bytes */
    int64_t floor;
    int64_t net, high;    /* blocks */
    uint64_t got, due;
};

static struct figures read_figures(const struct tally *tally) {
    uint64_t room = load_relaxed(&tally->room);
    int64_t floor = load_relaxed(&tally->floor);
    int64_t high = load_relaxed(&tally->high_blocks);
    uint64_t due = load_relaxed(&tally->due);
    return (struct figures){
        .balance = floor + (int64_t)(room >> ROOM_BYTES_SHIFT),
        .cap = floor + (int64_t)(load_relaxed(&tally->cap) >> ROOM_BYTES_SHIFT),
        .floor = floor,
        .net = high - (int64_t)(room >> ROOM_BLOCKS_SHIFT & ROOM_BLOCKS_MAX),
        .high = high,
        .got = due - (room & ROOM_TICKS_MAX),
        .due = due,
    };
}

void peak_raise(_Atomic int64_t *peak, int64_t to) {
    int64_t before = load_relaxed(peak);
    while (to > before && !swap_if_relaxed(peak, &before, to)) {
    }
}

/* Bring the bounds to where the room fits its lanes. What they say of the account's peak moves with
 * them; where a bound comes nearer for want of bits, the account remembers. */
static void fit(struct tally *tally, struct account *account, struct figures *now) {
    int64_t deeper = now->floor - now->balance;
    if (deeper > 0) {
        now->floor = now->balance;
        store_relaxed(&tally->peak_bytes, load_relaxed(&tally->peak_bytes) + deeper);
    } else if (-deeper > ROOM_BYTES_MAX) {
        peak_raise(&account->peak_bytes, load_relaxed(&tally->peak_bytes));
        now->floor = now->balance - ROOM_BYTES_MAX;
        store_relaxed(&tally->peak_bytes,
                      load_relaxed(&tally->peak_bytes) + deeper + ROOM_BYTES_MAX);
    }
    int64_t higher = now->net - now->high;
    if (higher > 0) {
        now->high = now->net;
        store_relaxed(&tally->peak_blocks, load_relaxed(&tally->peak_blocks) + higher);
    } else if (-higher > ROOM_BLOCKS_MAX) {
        peak_raise(&account->peak_blocks, load_relaxed(&tally->peak_blocks));
        now->high = now->net + ROOM_BLOCKS_MAX;
        store_relaxed(&tally->peak_blocks,
                      load_relaxed(&tally->peak_blocks) + higher + ROOM_BLOCKS_MAX);
    }
}

static uint64_t in_lane(int64_t bytes) {
    int64_t lane = bytes < ROOM_BYTES_MAX ? bytes : ROOM_BYTES_MAX;
    return (uint64_t)(lane > 0 ? lane : 0) << ROOM_BYTES_SHIFT;
}

/* By the owner: around what readers are to see whole. */
static uint32_t begin_change(struct tally *tally) {
    /* Odd already: of a thread that vanished in a fork when it was here. */
    uint32_t version = load_relaxed(&tally->version) & ~1u;
    store_relaxed(&tally->version, version + 1);
    /* V1 pairs with V4: who sees a part of what follows sees the odd version, or a newer one */
    atomic_thread_fence(memory_order_release);
    return version;
}

static void end_change(struct tally *tally, uint32_t version) {
    /* V2 pairs with V3: what was written is whole */
    store_release(&tally->version, version + 2);
}

static void write_figures(struct tally *tally, struct account *account, struct figures *now) {
    uint32_t version = begin_change(tally);
    fit(tally, account, now);
    store_relaxed(&tally->floor, now->floor);
    store_relaxed(&tally->high_blocks, now->high);
    store_relaxed(&tally->due, now->due);
    store_relaxed(&tally->cap, in_lane(now->cap - now->floor) | UINT32_MAX);
    store_relaxed(&tally->room, in_lane(now->balance - now->floor) |
                                    (uint64_t)(now->high - now->net) << ROOM_BLOCKS_SHIFT |
                                    (now->due - now->got));
    end_change(tally, version);
}

/* More of them; a thread's own, or those of a seat that is held, SLOW. */
static bool make_tallies(struct thread *thread, uint32_t place) {
    struct sys_signals before;
    size_t wanted = max_size(TALLIES_FIRST * sizeof(struct tally), place + sizeof(struct tally));
    size_t bytes = block_bytes(wanted);
    sys_signals_block(&before);
    char *tallies = block_take(bytes);
    if (tallies != NULL) {
        sys_lock_take(&threads_lock);
        uint32_t old_bytes = load_relaxed(&thread->tally_bytes);
        if (old_bytes > 0) {
            memcpy(tallies, load_relaxed(&thread->tallies), old_bytes);
        }
        /* B5 pairs with B6: the tallies are whole; B7 pairs with B8: there are as many */
        store_release(&thread->tallies, tallies);
        store_release(&thread->tally_bytes, (uint32_t)bytes);
        sys_lock_drop(&threads_lock);
    }
    sys_signals_restore(&before);
    return tallies != NULL;
}

struct thread *tally_enter(uint32_t place) {
    struct thread *self = thread_current;
    if (!thread_attached(self) || thread_is_inside(self)) {
        return NULL;
    }
    struct thread *holder = thread_enter(self);
    if (holder == NULL) {
        return NULL;
    }
    thread_slow_down(holder);
    if (!thread_has_tally(holder, place) && !make_tallies(holder, place)) {
        thread_leave_slow(holder);
        return NULL;
    }
    return holder;
}

void tally_leave(struct thread *holder) {
    thread_leave_slow(holder);
}

/* ---- sums ----------------------------------------------------------------------------------- */

static void add_tally(const struct tally *tally, struct account_sums *sums) {
    struct figures now;
    int64_t peak_bytes, peak_blocks;
    uint32_t version;
    int tries = 0;
    do {
        /* V3 pairs with V2 */
        version = load_acquire(&tally->version);
        now = read_figures(tally);
        peak_bytes = load_relaxed(&tally->peak_bytes);
        peak_blocks = load_relaxed(&tally->peak_blocks);
        /* V4 pairs with V1: a part of a change that was seen shows in the version */
        atomic_thread_fence(memory_order_acquire);
    } while ((version % 2 != 0 || load_relaxed(&tally->version) != version) &&
             ++tries < READER_TRIES);
    if (now.got == 0 && now.net == 0 && now.balance == 0) {
        return;
    }
    sums->balances += now.balance;
    sums->peak_bytes = peak_bytes;
    sums->peak_blocks = peak_blocks;
    sums->total_blocks += now.got;
    sums->total_frees += now.got - (uint64_t)now.net;
    sums->n_threads++;
}

struct account_sums account_sum(uint32_t number) {
    const struct account *account = account_at(number);
    uint32_t place = account_place(number);
    /* Before the tallies: what a thread that ends adds here is missed rather than seen twice.
     * F2 pairs with F1: with its blocks its frees are seen, and that its tally is empty */
    struct account_sums sums = {.total_blocks = load_acquire(&account->past_blocks)};
    sums.total_frees = load_relaxed(&account->past_frees);
    for (struct thread *at = threads_first(); at != NULL; at = at->next_all) {
        /* B8 pairs with B7 */
        if (load_relaxed(&at->in_use) && place < load_acquire(&at->tally_bytes)) {
            /* B6 pairs with B5 */
            const char *tallies = load_acquire(&at->tallies);
            add_tally((const struct tally *)(const void *)(tallies + place), &sums);
        }
    }
    sums.blocks = (int64_t)(sums.total_blocks - sums.total_frees);
    return sums;
}

/* ---- peaks ---------------------------------------------------------------------------------- */

/* Note the peaks that are visible now: in the account. */
static struct account_sums note_peaks(const struct tally *tally, struct account *account,
                                      uint32_t number) {
    struct account_sums sums = account_sum(number);
    peak_raise(&account->peak_bytes, load_relaxed(&account->granted) - sums.balances);
    peak_raise(&account->peak_blocks, sums.blocks);
    peak_raise(&account->peak_bytes, load_relaxed(&tally->peak_bytes));
    peak_raise(&account->peak_blocks, load_relaxed(&tally->peak_blocks));
    return sums;
}

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b) {
    return a > b ? a : b;
}

/* After peaks were noted: where are the bounds until they have to be noted again? `live` bytes and
 * sums are those of that moment; the balance may have been changed by a grant since. */
static void set_bounds(struct tally *tally, const struct account *account, struct figures *now,
                       const struct account_sums *sums, int64_t live) {
    int64_t peak_bytes = load_relaxed(&account->peak_bytes);
    int64_t peak_blocks = load_relaxed(&account->peak_blocks);
    tally->shared = sums->n_threads > 1;
    store_relaxed(&tally->peak_bytes, peak_bytes);
    store_relaxed(&tally->peak_blocks, peak_blocks);
    if (tally->shared) {
        now->floor = least(now->balance, 0);
        now->high = now->net + most(sums->blocks / LIVE_SHARE, BLOCKS_LEAST);
    } else {
        now->floor = most(now->balance - (peak_bytes - live), least(now->balance, 0));
        now->high = now->net + peak_blocks - sums->blocks;
        /* Where the bound is nearer than the peak, that is not where the peak is. */
        store_relaxed(&tally->peak_bytes, live + now->balance - now->floor);
    }
}

/* Peaks are sums over all threads, whose lines are in other processors' caches. So beside others
 * they are noted now and then, and when much was granted since. */
static bool peaks_due(const struct thread *holder, const struct tally *tally,
                      struct account *account) {
    uint32_t now_ms = (uint32_t)holder->tick_ms;
    uint32_t noted_kib = load_relaxed(&account->noted_kib);
    uint32_t kib = (uint32_t)min_size((size_t)load_relaxed(&account->granted) >> 10, UINT32_MAX);
    bool much = kib > noted_kib && kib - noted_kib > noted_kib / 16 + NOTED_KIB;
    bool late = (int32_t)(now_ms - load_relaxed(&account->noted_ms)) >= NOTED_MS;
    if (tally->shared && !much && !late) {
        return false;
    }
    store_relaxed(&account->noted_ms, now_ms);
    store_relaxed(&account->noted_kib, kib);
    return true;
}

/* What was found when bounds are to be set anew. */
struct survey {
    bool is_due; /* peaks were noted; else the rest is not known */
    struct account_sums sums;
    int64_t live;
};

static struct survey survey(const struct thread *holder, const struct tally *tally,
                            struct account *account, uint32_t number) {
    struct survey ret = {.is_due = peaks_due(holder, tally, account)};
    if (ret.is_due) {
        ret.sums = note_peaks(tally, account, number);
        ret.live = load_relaxed(&account->granted) - ret.sums.balances;
    }
    return ret;
}

static void set_bounds_after(struct tally *tally, const struct account *account,
                             struct figures *now, const struct survey *found) {
    if (found->is_due) {
        set_bounds(tally, account, now, &found->sums, found->live);
        return;
    }
    /* Beside others, by what is known of them. */
    store_relaxed(&tally->peak_bytes, load_relaxed(&account->peak_bytes));
    store_relaxed(&tally->peak_blocks, load_relaxed(&account->peak_blocks));
    now->floor = least(now->balance, 0);
    now->high = now->net + BLOCKS_LEAST;
}

/* ---- grants --------------------------------------------------------------------------------- */

static int64_t choose_grant(const struct account *account, const struct figures *now,
                            int64_t bytes) {
    int64_t granted = load_relaxed(&account->granted) - now->balance;
    int64_t blocks = least(GRANT_BLOCKS * bytes, GRANT_BLOCKS_BYTES);
    int64_t grant = most(most(granted / LIVE_SHARE, blocks), GRANT_LEAST);
    return least(grant, component_grant_max(account->component));
}

/* `missing` bytes and a grant for blocks of `bytes` into the balance: NULL; or who refuses. */
static struct mempool_component *take_grant(struct account *account, struct figures *now,
                                            int64_t missing, int64_t bytes) {
    int64_t grant = choose_grant(account, now, bytes);
    if (component_charge(account->component, missing + grant) != NULL) {
        grant = 0;
        struct mempool_component *full = component_charge(account->component, missing);
        if (full != NULL) {
            return full;
        }
    }
    (void)add_relaxed(&account->granted, missing + grant);
    now->balance += missing + grant;
    now->cap = CAP_GRANTS * grant;
    return NULL;
}

/* Take so much out of the balance, back to the account. */
static void give_back(struct account *account, struct figures *now, int64_t bytes) {
    now->balance -= bytes;
    (void)add_relaxed(&account->granted, -bytes);
    component_charge_always(account->component, -bytes);
}

/* A balance of `wanted` bytes, and bounds to go with it: NULL; or who refuses. */
static struct mempool_component *fill(const struct thread *holder, struct tally *tally,
                                      uint32_t number, struct figures *now, int64_t wanted) {
    struct account *account = account_at(number);
    struct survey found = survey(holder, tally, account, number);
    struct mempool_component *full =
        now->balance < wanted ? take_grant(account, now, wanted - now->balance, wanted) : NULL;
    if (full == NULL) {
        set_bounds_after(tally, account, now, &found);
    }
    return full;
}

struct mempool_component *tally_reserve(struct thread *holder, uint32_t place, size_t bytes) {
    struct tally *tally = thread_tally(holder, place);
    uint32_t number = account_of_place(place);
    struct figures now = read_figures(tally);
    if (place == PLACE_NONE) {
        return component_root();
    }
    if (now.balance >= (int64_t)bytes) {
        return NULL;
    }
    struct mempool_component *full = fill(holder, tally, number, &now, (int64_t)bytes);
    if (full == NULL) {
        write_figures(tally, account_at(number), &now);
    }
    return full;
}

struct mempool_component *tally_make_room(struct thread *holder, uint32_t place, size_t bytes,
                                          int blocks) {
    struct tally *tally = thread_tally(holder, place);
    struct account *account = account_at(account_of_place(place));
    struct figures now = read_figures(tally);
    int64_t wanted = (int64_t)bytes;
    if (place == PLACE_NONE) {
        return component_root();
    }
    if (now.due == now.got) {
        uint32_t interval = thread_tick(holder);
        now.due += sample_is_on() ? account_sample_stop(tally, bytes, blocks, interval) : interval;
    }
    /* Blocks of no bytes never ask for a grant. */
    bool is_bound = now.high == now.net && (tally->shared || wanted == 0);
    if (now.balance < wanted || is_bound) {
        struct mempool_component *full =
            fill(holder, tally, account_of_place(place), &now, wanted);
        if (full != NULL) {
            return full;
        }
    }
    /* The bounds are to be where they will be then. */
    struct figures then = now;
    then.balance -= wanted;
    then.net += blocks;
    fit(tally, account, &then);
    now.floor = then.floor;
    now.high = then.high;
    write_figures(tally, account, &now);
    return NULL;
}

/* Give back what a balance has above a grant. */
static void skim(const struct thread *holder, struct tally *tally, uint32_t number,
                 struct figures *now) {
    struct account *account = account_at(number);
    struct survey found = survey(holder, tally, account, number);
    int64_t grant = choose_grant(account, now, 0);
    if (now->balance > grant) {
        give_back(account, now, now->balance - grant);
    }
    now->cap = CAP_GRANTS * grant;
    set_bounds_after(tally, account, now, &found);
    write_figures(tally, account, now);
}

void tally_unreserve(struct thread *holder, uint32_t place) {
    struct tally *tally = thread_tally(holder, place);
    struct figures now = read_figures(tally);
    uint32_t number = account_of_place(place);
    /* The cap that is known is not below the floor. */
    if (now.balance > CAP_GRANTS * choose_grant(account_at(number), &now, 0)) {
        skim(holder, tally, number, &now);
    }
}

void tally_add(struct thread *holder, uint32_t place, int64_t bytes, int blocks) {
    struct tally *tally = thread_tally(holder, place);
    uint32_t number = account_of_place(place);
    struct figures now = read_figures(tally);
    now.balance += bytes;
    now.net += blocks;
    if (blocks > 0) {
        now.due += now.due == now.got;
        now.got++;
    }
    write_figures(tally, account_at(number), &now);
    if (now.balance > now.cap && bytes > 0) {
        skim(holder, tally, number, &now);
    }
}

/* Note peaks, and leave no balance. */
static void empty_balance(struct tally *tally, uint32_t number) {
    struct account *account = account_at(number);
    struct figures now = read_figures(tally);
    struct account_sums sums = note_peaks(tally, account, number);
    int64_t live = load_relaxed(&account->granted) - sums.balances;
    give_back(account, &now, now.balance);
    now.cap = 0;
    set_bounds(tally, account, &now, &sums, live);
    write_figures(tally, account, &now);
}

bool tallies_return(struct thread *holder) {
    bool any = false;
    for (uint32_t i = 1; thread_has_tally(holder, account_place(i)) && i < accounts_used(); i++) {
        struct tally *tally = thread_tally(holder, account_place(i));
        if (read_figures(tally).balance > 0) {
            empty_balance(tally, i);
            any = true;
        }
    }
    return any;
}

static void clear(struct tally *tally) {
    uint32_t version = begin_change(tally);
    store_relaxed(&tally->room, 0);
    store_relaxed(&tally->cap, 0);
    store_relaxed(&tally->floor, 0);
    store_relaxed(&tally->high_blocks, 0);
    store_relaxed(&tally->due, 0);
    store_relaxed(&tally->peak_bytes, 0);
    store_relaxed(&tally->peak_blocks, 0);
    tally->sampling = (struct sample_countdown){.flags = 0};
    end_change(tally, version);
}

void tallies_fold(struct thread *thread) {
    for (uint32_t i = 1; thread_has_tally(thread, account_place(i)) && i < accounts_used(); i++) {
        struct tally *tally = thread_tally(thread, account_place(i));
        struct account *account = account_at(i);
        struct figures now = read_figures(tally);
        if (now.got == 0 && now.net == 0 && now.balance == 0) {
            continue;
        }
        empty_balance(tally, i);
        now = read_figures(tally);
        clear(tally);
        add_relaxed(&account->past_frees, now.got - (uint64_t)now.net);
        /* F1 pairs with F2 */
        (void)atomic_fetch_add_explicit(&account->past_blocks, now.got, memory_order_release);
    }
}
