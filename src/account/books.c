/* SPDX-License-Identifier: MIT */
/* The books. */
#include "account/books.h"

#include "account/class.h"
#include "account/tally.h"
#include "base/attributes.h"
#include "base/bits.h"
#include "pool/pool.h"
#include "pool/runtime.h"
#include "vm/blocks.h"

#include <errno.h>
#include <string.h>

static struct account *accounts;
static _Atomic uint32_t n_accounts = 1; /* account_lock writes */
static bool ready;                      /* account_lock writes; set once */
_Atomic uint32_t account_is_ready;

struct account *account_at(uint32_t number) {
    return &accounts[number];
}

uint32_t accounts_used(void) {
    /* B2 pairs with B1: the accounts are whole */
    return load_acquire(&n_accounts);
}

/* ---- making accounts ------------------------------------------------------------------------ */

/* The account of a component that has none of this type yet; ACCOUNT_NONE: all numbers are taken,
 * but the last, which waits for the process's "other". account_lock is held. */
static uint32_t make_account(struct mempool_component *component, struct mempool_type *type) {
    uint32_t n = load_relaxed(&n_accounts);
    bool is_last_resort = component == component_root() && type == type_other();
    if (n >= ACCOUNTS_MAX - (is_last_resort ? 0 : 1)) {
        return ACCOUNT_NONE;
    }
    accounts[n].component = component;
    accounts[n].type = type;
    /* B1 pairs with B2 */
    store_release(&n_accounts, n + 1);
    space_root_set(ROOT_N_ACCOUNTS, n + 1);
    return n;
}

void account_lead_to(struct mempool_component *component, const struct mempool_type *type,
                     uint32_t place) {
    /* B3 pairs with B4 in account/books.h: the account is whole */
    store_release(&component->account_places[type->entry], place);
}

static uint32_t find_or_make(struct mempool_component *component, struct mempool_type *type) {
    uint32_t place = load_relaxed(&component->account_places[type->entry]);
    if (place == PLACE_NONE) {
        place = account_place(make_account(component, type));
        account_lead_to(component, type, place);
    }
    return place;
}

/* When no more accounts can be made: the component's "other", if it has one, else the process's. */
static uint32_t find_locked(struct mempool_component *component, struct mempool_type *type) {
    struct mempool_component *charged = component_charged_now(component);
    uint32_t place = find_or_make(charged, type);
    if (place == PLACE_NONE) {
        place = find_or_make(charged, type_other());
    }
    if (place == PLACE_NONE) {
        place = find_or_make(component_root(), type_other());
    }
    account_lead_to(charged, type, place);
    account_lead_to(component, type, place);
    return place;
}

uint32_t account_find(struct mempool_component *component, struct mempool_type *type) {
    struct sys_signals before;
    uint32_t place = account_known(component->account_places, type);
    if (place == PLACE_NONE) {
        sys_signals_block(&before);
        sys_lock_take(&account_lock);
        place = find_locked(component, type);
        sys_lock_drop(&account_lock);
        sys_signals_restore(&before);
    }
    return place;
}

uint32_t account_current(struct thread *thread, struct mempool_type *type) {
    return account_find(component_of_thread(thread), type);
}

/* ---- the slow forms -------------------------------------------------------------------------- */

/* What the holder has granted and unused, of all accounts, may be what is missing. */
static struct mempool_component *reserve(struct thread *holder, uint32_t place, size_t bytes) {
    struct mempool_component *full = tally_reserve(holder, place, bytes);
    return full != NULL && tallies_return(holder) ? tally_reserve(holder, place, bytes) : full;
}

/* Count blocks (0 or 1) and their bytes: NULL; or who refuses. */
static struct mempool_component *debit(uint32_t place, size_t bytes, int blocks) {
    uint32_t number = account_of_place(place);
    struct account *account = account_at(number);
    struct thread *holder = tally_enter(place);
    if (holder != NULL) {
        struct mempool_component *full = reserve(holder, place, bytes);
        if (full == NULL) {
            full = tally_make_room(holder, place, bytes, blocks);
        }
        if (full == NULL) {
            tally_add(holder, place, -(int64_t)bytes, blocks);
        }
        tally_leave(holder);
        return full;
    }
    struct mempool_component *full = component_charge(account->component, (int64_t)bytes);
    if (full == NULL) {
        (void)add_relaxed(&account->granted, (int64_t)bytes);
        add_relaxed(&account->past_blocks, (uint64_t)blocks);
        struct account_sums sums = account_sum(number);
        peak_raise(&account->peak_bytes, load_relaxed(&account->granted) - sums.balances);
        peak_raise(&account->peak_blocks, sums.blocks);
    }
    return full;
}

static bool refuse(struct mempool_component *full) {
    add_relaxed(&full->refused, 1);
    return false;
}

static void refund(uint32_t place, size_t bytes, int frees) {
    struct account *account = account_at(account_of_place(place));
    struct thread *holder = tally_enter(place);
    if (holder != NULL) {
        tally_add(holder, place, (int64_t)bytes, -frees);
        tally_leave(holder);
    } else {
        (void)add_relaxed(&account->granted, -(int64_t)bytes);
        add_relaxed(&account->past_frees, (uint64_t)frees);
        component_charge_always(account->component, -(int64_t)bytes);
    }
}

bool account_reserve(uint32_t place, size_t bytes) {
    struct mempool_component *full = NULL;
    if (place == PLACE_NONE) {
        return false;
    }
    struct thread *holder = tally_enter(place);
    if (holder != NULL) {
        full = reserve(holder, place, bytes);
        tally_leave(holder);
    }
    return full == NULL || refuse(full);
}

void account_unreserve(uint32_t place) {
    struct thread *holder = tally_enter(place);
    if (holder != NULL) {
        tally_unreserve(holder, place);
        tally_leave(holder);
    }
}

bool account_charge(uint32_t place, size_t bytes) {
    struct mempool_component *full = debit(place, bytes, 1);
    return full == NULL || refuse(full);
}

void account_credit(uint32_t place, size_t bytes) {
    refund(place, bytes, 1);
}

bool account_resize(uint32_t place, size_t from, size_t to) {
    if (to <= from) {
        refund(place, from - to, 0);
        return true;
    }
    struct mempool_component *full = debit(place, to - from, 0);
    return full == NULL || refuse(full);
}

/* ---- beginning, threads' ends, fork ---------------------------------------------------------- */

static void fold_thread(struct thread *thread) {
    tallies_fold(thread);
    store_relaxed(&thread->component, NULL);
    store_relaxed(&thread->account_places, thread_no_accounts);
}

/* Whether or not there are books yet: they may be being made. */
void runtime_fork_begin(void) {
    sys_lock_take(&account_lock);
    sys_lock_take(&classes_lock);
}

void runtime_fork_end(void) {
    sys_lock_drop(&classes_lock);
    sys_lock_drop(&account_lock);
}

static int init_locked(void) {
    if (accounts == NULL) {
        accounts = block_take(ACCOUNTS_MAX * sizeof *accounts);
    }
    int result = accounts != NULL ? types_init() : -ENOMEM;
    if (result == 0) {
        result = components_init();
    }
    if (result == 0) {
        space_root_set(ROOT_ACCOUNTS, (uintptr_t)accounts);
        space_root_set(ROOT_COMPONENTS, (uintptr_t)component_root());
        thread_retiring = fold_thread;
        thread_sitting_down = tallies_fold;
        pool_component_name = component_name;
        pool_component_charged = component_charged_now;
        pool_soft_limits = components_soft_limits;
        store_relaxed(&depot_charge, component_charge_slab);
        ready = true;
    }
    return result;
}

int account_init(void) {
    struct sys_signals before;
    if (account_ready()) {
        return 0;
    }
    int saved_errno = errno;
    int result = runtime_start();
    errno = saved_errno;
    if (result == 0) {
        sys_signals_block(&before);
        sys_lock_take(&account_lock);
        result = ready ? 0 : init_locked();
        if (result == 0) {
            /* I1 pairs with I2 in account/books.h */
            store_release(&account_is_ready, 1);
        }
        sys_lock_drop(&account_lock);
        sys_signals_restore(&before);
    }
    if (result == 0) {
        runtime_call_first();
    }
    return result;
}
