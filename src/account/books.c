/* SPDX-License-Identifier: MIT */
/* The books. */
#include "account/books.h"

#include "account/class.h"
#include "base/attributes.h"
#include "base/bits.h"
#include "pool/pool.h"
#include "pool/runtime.h"
#include "vm/blocks.h"

#include <errno.h>
#include <string.h>

enum {
    TALLIES_FIRST = 64,
    GRANT_LEAST = 4 << 10,
    LIVE_SHARE = 64, /* a grant is this part of what is live */
    CAP_GRANTS = 4,  /* a balance is capped at so many grants */
};

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

/* The account of a component that has none of this type yet. account_lock is held. */
static uint32_t make_account(struct mempool_component *component, struct mempool_type *type) {
    uint32_t n = load_relaxed(&n_accounts);
    if (n == ACCOUNTS_MAX) {
        return ACCOUNT_NONE;
    }
    accounts[n].component = component;
    accounts[n].type = type;
    /* B1 pairs with B2 */
    store_release(&n_accounts, n + 1);
    return n;
}

static void lead_to(struct mempool_component *component, const struct mempool_type *type,
                    uint32_t number) {
    /* B3 pairs with B4 in account/books.h: the account is whole */
    store_release(&component->account_numbers[type->number], (uint16_t)number);
}

static uint32_t number_locked(struct mempool_component *component, struct mempool_type *type) {
    struct mempool_component *charged = component_charged_now(component);
    uint32_t number = load_relaxed(&charged->account_numbers[type->number]);
    if (number == ACCOUNT_NONE) {
        number = make_account(charged, type);
        lead_to(charged, type, number);
    }
    lead_to(component, type, number);
    return number;
}

uint32_t account_number(struct mempool_component *component, struct mempool_type *type) {
    struct sys_signals before;
    uint32_t number = account_known(component->account_numbers, type);
    if (number == ACCOUNT_NONE) {
        sys_signals_block(&before);
        sys_lock_take(&account_lock);
        number = number_locked(component, type);
        sys_lock_drop(&account_lock);
        sys_signals_restore(&before);
    }
    return number;
}

uint32_t account_current(struct thread *thread, struct mempool_type *type) {
    return account_number(component_of_thread(thread), type);
}

/* ---- tallies -------------------------------------------------------------------------------- */

/* Make the calling thread's tallies reach an account. The old ones stay where they are, for readers
 * that hold no lock of ours. False: no memory, or no thread of ours. */
static bool reach_tally(struct thread *thread, uint32_t account) {
    struct sys_signals before;
    uint32_t n = load_relaxed(&thread->n_tallies);
    if (account < n) {
        return true;
    }
    if (!thread_attached(thread)) {
        return false;
    }
    uint32_t wanted = (uint32_t)max_size(TALLIES_FIRST, account + 1);
    size_t bytes = block_bytes(wanted * sizeof(struct tally));
    sys_signals_block(&before);
    struct tally *tallies = block_take(bytes);
    if (tallies != NULL) {
        sys_lock_take(&threads_lock);
        if (n > 0) {
            memcpy(tallies, load_relaxed(&thread->tallies), n * sizeof *tallies);
        }
        store_relaxed(&tallies[ACCOUNT_NONE].floor, INT64_MAX);
        /* B5 pairs with B6: the tallies are whole; B7 pairs with B8: there are as many */
        store_release(&thread->tallies, tallies);
        store_release(&thread->n_tallies, (uint32_t)(bytes / sizeof *tallies));
        sys_lock_drop(&threads_lock);
    }
    sys_signals_restore(&before);
    return tallies != NULL;
}

/* A thread's figures become nobody's. threads_lock is held, or its owner is gone. */
static void fold(struct tally *tally, struct account *account) {
    int64_t balance = load_relaxed(&tally->balance);
    if (balance != 0) {
        (void)add_relaxed(&account->granted, -balance);
        component_charge_always(account->component, -balance);
    }
    add_relaxed(&account->past_blocks, load_relaxed(&tally->blocks));
    add_relaxed(&account->past_frees, load_relaxed(&tally->frees));
    store_relaxed(&tally->balance, 0);
    store_relaxed(&tally->floor, 0);
    store_relaxed(&tally->cap, 0);
    store_relaxed(&tally->blocks, 0);
    store_relaxed(&tally->frees, 0);
    store_relaxed(&tally->high_blocks, 0);
}

static void add_tally(const struct tally *tally, struct account_sums *sums) {
    uint64_t blocks = load_relaxed(&tally->blocks);
    uint64_t frees = load_relaxed(&tally->frees);
    int64_t balance = load_relaxed(&tally->balance);
    if (blocks == 0 && frees == 0 && balance == 0) {
        return;
    }
    sums->balances += balance;
    sums->lowest = load_relaxed(&tally->floor);
    sums->high_blocks = load_relaxed(&tally->high_blocks);
    sums->total_blocks += blocks;
    sums->total_frees += frees;
    sums->n_threads++;
}

struct account_sums account_sum(uint32_t number) {
    struct account_sums sums = {0};
    for (struct thread *at = threads_first(); at != NULL; at = at->next_all) {
        /* B8 pairs with B7 */
        if (load_relaxed(&at->in_use) && number < load_acquire(&at->n_tallies)) {
            /* B6 pairs with B5 */
            add_tally(&load_acquire(&at->tallies)[number], &sums);
        }
    }
    sums.total_blocks += load_relaxed(&accounts[number].past_blocks);
    sums.total_frees += load_relaxed(&accounts[number].past_frees);
    sums.blocks = (int64_t)(sums.total_blocks - sums.total_frees);
    return sums;
}

static void raise_peak(_Atomic int64_t *peak, int64_t to) {
    int64_t before = load_relaxed(peak);
    while (to > before && !swap_if_relaxed(peak, &before, to)) {
    }
}

/* Note the peaks that are visible now, this thread's lowest balance among them. */
static void note_peaks(struct thread *thread, uint32_t number) {
    struct account *account = &accounts[number];
    struct tally *tally = thread_tally(thread, number);
    struct account_sums sums = account_sum(number);
    int64_t depth = load_relaxed(&tally->balance) - load_relaxed(&tally->floor);
    int64_t net = (int64_t)(load_relaxed(&tally->blocks) - load_relaxed(&tally->frees));
    int64_t higher = load_relaxed(&tally->high_blocks) - net;
    raise_peak(&account->peak_bytes, account_live_bytes(account, &sums) + (depth > 0 ? depth : 0));
    raise_peak(&account->peak_blocks, sums.blocks + (higher > 0 ? higher : 0));
    store_relaxed(&tally->floor, load_relaxed(&tally->balance));
    store_relaxed(&tally->high_blocks, net);
}

/* ---- grants --------------------------------------------------------------------------------- */

static int64_t choose_grant(const struct account *account) {
    int64_t granted = load_relaxed(&account->granted);
    int64_t grant = granted / LIVE_SHARE;
    int64_t most = component_grant_max(account->component);
    grant = grant > GRANT_LEAST ? grant : GRANT_LEAST;
    return grant < most ? grant : most;
}

/* At least `bytes` more in the balance: NULL; or who refuses. */
static struct mempool_component *take_grant(struct tally *tally, struct account *account,
                                            int64_t bytes) {
    int64_t grant = choose_grant(account);
    if (component_charge(account->component, bytes + grant) != NULL) {
        grant = 0;
        struct mempool_component *full = component_charge(account->component, bytes);
        if (full != NULL) {
            return full;
        }
    }
    (void)add_relaxed(&account->granted, bytes + grant);
    store_relaxed(&tally->balance, load_relaxed(&tally->balance) + bytes + grant);
    store_relaxed(&tally->floor, load_relaxed(&tally->floor) + bytes + grant);
    store_relaxed(&tally->cap, CAP_GRANTS * grant);
    return NULL;
}

struct mempool_component *tally_deepen(struct thread *thread, uint32_t number, size_t bytes) {
    struct tally *tally = thread_tally(thread, number);
    int64_t after = load_relaxed(&tally->balance) - (int64_t)bytes;
    if (number == ACCOUNT_NONE) {
        return component_root();
    }
    if (after < 0) {
        note_peaks(thread, number);
        struct mempool_component *full = take_grant(tally, &accounts[number], -after);
        if (full != NULL) {
            return full;
        }
        after = load_relaxed(&tally->balance) - (int64_t)bytes;
    }
    if (after < load_relaxed(&tally->floor)) {
        store_relaxed(&tally->floor, after);
    }
    return NULL;
}

void tally_give_back(struct thread *thread, uint32_t number) {
    struct tally *tally = thread_tally(thread, number);
    struct account *account = &accounts[number];
    note_peaks(thread, number);
    int64_t grant = choose_grant(account);
    int64_t back = load_relaxed(&tally->balance) - grant;
    store_relaxed(&tally->cap, CAP_GRANTS * grant);
    if (back > 0) {
        store_relaxed(&tally->balance, grant);
        store_relaxed(&tally->floor, grant);
        (void)add_relaxed(&account->granted, -back);
        component_charge_always(account->component, -back);
    }
}

/* ---- the slow forms -------------------------------------------------------------------------- */

/* Before a refusal: what the thread holds granted and unused, of all accounts, may be what is
 * missing. False: nothing. */
static bool return_balances(struct thread *thread) {
    uint32_t n = load_relaxed(&thread->n_tallies);
    bool any = false;
    for (uint32_t i = 1; i < n && i < accounts_used(); i++) {
        struct tally *tally = thread_tally(thread, i);
        int64_t balance = load_relaxed(&tally->balance);
        if (balance > 0) {
            note_peaks(thread, i);
            (void)add_relaxed(&accounts[i].granted, -balance);
            component_charge_always(accounts[i].component, -balance);
            store_relaxed(&tally->balance, 0);
            store_relaxed(&tally->floor, 0);
            any = true;
        }
    }
    return any;
}

/* Take bytes: NULL; or who refuses. */
static struct mempool_component *debit(uint32_t number, size_t bytes) {
    struct thread *thread = thread_current;
    struct account *account = &accounts[number];
    struct mempool_component *full = NULL;
    if (reach_tally(thread, number)) {
        struct tally *tally = thread_tally(thread, number);
        if (load_relaxed(&tally->balance) - (int64_t)bytes < load_relaxed(&tally->floor)) {
            full = tally_deepen(thread, number, bytes);
            if (full != NULL && return_balances(thread)) {
                full = tally_deepen(thread, number, bytes);
            }
        }
        if (full == NULL) {
            bump_owned(&tally->balance, -(int64_t)bytes);
        }
        return full;
    }
    full = component_charge(account->component, (int64_t)bytes);
    if (full == NULL) {
        (void)add_relaxed(&account->granted, (int64_t)bytes);
        struct account_sums sums = account_sum(number);
        raise_peak(&account->peak_bytes, account_live_bytes(account, &sums));
    }
    return full;
}

/* The same, and count a refusal. */
static bool debit_or_refuse(uint32_t number, size_t bytes) {
    struct mempool_component *full = debit(number, bytes);
    if (full != NULL) {
        add_relaxed(&full->refused, 1);
    }
    return full == NULL;
}

static void refund(uint32_t number, size_t bytes, uint64_t frees) {
    struct thread *thread = thread_current;
    struct account *account = &accounts[number];
    if (reach_tally(thread, number)) {
        struct tally *tally = thread_tally(thread, number);
        bump_owned(&tally->balance, (int64_t)bytes);
        bump_owned(&tally->frees, frees);
        if (load_relaxed(&tally->balance) > load_relaxed(&tally->cap)) {
            tally_give_back(thread, number);
        }
    } else {
        (void)add_relaxed(&account->granted, -(int64_t)bytes);
        add_relaxed(&account->past_frees, frees);
        component_charge_always(account->component, -(int64_t)bytes);
    }
}

bool account_charge(uint32_t number, size_t bytes) {
    return number != ACCOUNT_NONE && debit_or_refuse(number, bytes);
}

void account_uncharge(uint32_t number, size_t bytes) {
    refund(number, bytes, 0);
}

void account_add_block(uint32_t number) {
    struct thread *thread = thread_current;
    if (reach_tally(thread, number)) {
        tally_add_block(thread_tally(thread, number));
    } else {
        add_relaxed(&accounts[number].past_blocks, 1);
        raise_peak(&accounts[number].peak_blocks, account_sum(number).blocks);
    }
}

void account_credit(uint32_t number, size_t bytes) {
    refund(number, bytes, 1);
}

bool account_resize(uint32_t number, size_t from, size_t to) {
    if (to > from) {
        return debit_or_refuse(number, to - from);
    }
    refund(number, from - to, 0);
    return true;
}

/* ---- beginning, threads' ends, fork ---------------------------------------------------------- */

static void fold_thread(struct thread *thread) {
    uint32_t n = load_relaxed(&thread->n_tallies);
    for (uint32_t i = 1; i < n && i < accounts_used(); i++) {
        struct tally *tally = thread_tally(thread, i);
        if (load_relaxed(&tally->blocks) != 0 || load_relaxed(&tally->frees) != 0 ||
            load_relaxed(&tally->balance) != 0) {
            note_peaks(thread, i);
            fold(tally, &accounts[i]);
        }
    }
    store_relaxed(&thread->component, NULL);
    store_relaxed(&thread->account_numbers, thread_no_accounts);
}

static void before_fork(void) {
    sys_lock_take(&account_lock);
    sys_lock_take(&classes_lock);
}

static void after_fork(void) {
    sys_lock_drop(&classes_lock);
    sys_lock_drop(&account_lock);
}

static int init_locked(void) {
    static bool fork_watched;
    if (accounts == NULL) {
        accounts = block_take(ACCOUNTS_MAX * sizeof *accounts);
    }
    int result = accounts != NULL ? types_init() : -ENOMEM;
    if (result == 0) {
        result = components_init();
    }
    if (result == 0 && !fork_watched) {
        result = sys_fork_watch(before_fork, after_fork, after_fork);
        fork_watched = result == 0;
    }
    if (result == 0) {
        thread_retiring = fold_thread;
        pool_component_name = component_name;
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
    return result;
}
