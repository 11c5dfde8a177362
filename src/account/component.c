/* SPDX-License-Identifier: MIT */
/* Components. */
#include "account/tally.h"

#include "base/attributes.h"
#include "base/bits.h"
#include "pool/pool.h"
#include "vm/blocks.h"

#include <errno.h>
#include <string.h>

enum {
    /* Of a hard limit, where there is one: a balance may hold four grants. */
    GRANT_SHARE = 256,
    GRANT_LIMITED_BYTES = 16 << 10,
    GRANT_BYTES = 1 << 20,
};

static struct mempool_component *root, *newest; /* account_lock */

static _Atomic(uint32_t) *tables; /* account_lock: of accounts, interleaved; and how many of them */
static uint32_t tables_left;      /* are nobody's */

/* An empty table of accounts; NULL: no memory. */
static _Atomic(uint32_t) *take_table(void) {
    if (tables_left == 0) {
        tables = block_take(THREAD_TABLES_ENTRIES * sizeof *tables);
        tables_left = tables != NULL ? THREAD_TABLES : 0;
    }
    if (tables == NULL) {
        return NULL;
    }
    tables_left--;
    return tables + (size_t)tables_left * THREAD_TYPES_RUN;
}

static struct mempool_component *make(const char *name, struct mempool_component *parent) {
    struct mempool_component *component = block_take(sizeof *component);
    _Atomic(uint32_t) *places = component != NULL ? take_table() : NULL;
    if (places == NULL) {
        if (component != NULL) {
            block_give(component, sizeof *component);
        }
        return NULL;
    }
    account_name_copy(component->name, name);
    component->account_places = places;
    component->parent = parent;
    component->generation = 1;
    for (const struct mempool_component *at = root; at != NULL;
         at = load_relaxed(&at->next)) {
        component->generation += strcmp(at->name, component->name) == 0;
    }
    if (newest != NULL) {
        /* M1 pairs with M2: it is whole */
        store_release(&newest->next, component);
    }
    newest = component;
    return component;
}

int components_init(void) {
    if (root == NULL) {
        root = make(sys_program_name(), NULL);
    }
    return root != NULL ? 0 : -ENOMEM;
}

struct mempool_component *component_root(void) {
    return root;
}

struct mempool_component *component_charged_now(struct mempool_component *component) {
    while (component->parent != NULL && load_relaxed(&component->ended)) {
        component = component->parent;
    }
    return component;
}

MEMPOOL_COLD static void soft_passed(struct mempool_component *component, int64_t charged) {
    struct sys_signals before;
    sys_signals_block(&before);
    sys_lock_take(&account_lock);
    void (*callback)(struct mempool_component *, uint64_t, void *) = component->soft_passed;
    void *arg = component->soft_arg;
    sys_lock_drop(&account_lock);
    sys_signals_restore(&before);
    if (callback != NULL) {
        int saved_errno = errno;
        callback(component, (uint64_t)charged, arg);
        errno = saved_errno;
    }
}

static bool has_room(const struct mempool_component *component, int64_t bytes, int64_t charged) {
    uint64_t hard = load_relaxed(&component->hard_bytes);
    return bytes <= 0 || hard == 0 || charged <= (int64_t)hard - bytes;
}

/* Raise one component; false: over its hard limit. What is refused was never added: others must
 * not meet it. */
static bool charge_one(struct mempool_component *component, int64_t bytes) {
    int64_t charged = load_relaxed(&component->charged);
    do {
        if (!has_room(component, bytes, charged)) {
            return false;
        }
    } while (!swap_if_relaxed(&component->charged, &charged, charged + bytes));
    return true;
}

/* Charges are made where no callback may be called: note that one is due. */
static void note_soft_limits(struct mempool_component *component) {
    for (struct mempool_component *at = component; at != NULL; at = at->parent) {
        uint64_t soft = load_relaxed(&at->soft_bytes);
        int64_t charged = load_relaxed(&at->charged);
        if (soft == 0) {
            continue;
        }
        if (charged <= 0 || (uint64_t)charged <= soft) {
            store_relaxed(&at->soft_fired, 0);
        } else if (!load_relaxed(&at->soft_fired)) {
            store_relaxed(&pool_soft_due, 1);
        }
    }
}

static void fire_soft_limit(struct mempool_component *component) {
    uint64_t soft = load_relaxed(&component->soft_bytes);
    int64_t charged = load_relaxed(&component->charged);
    if (soft != 0 && charged > 0 && (uint64_t)charged > soft &&
        exchange_relaxed(&component->soft_fired, 1) == 0) {
        soft_passed(component, charged);
    }
}

/* From here up, the first without room for so many bytes; NULL: none. */
static struct mempool_component *find_full(struct mempool_component *component, int64_t bytes) {
    while (component != NULL && has_room(component, bytes, load_relaxed(&component->charged))) {
        component = component->parent;
    }
    return component;
}

struct mempool_component *component_charge(struct mempool_component *component, int64_t bytes) {
    struct mempool_component *full = find_full(component, bytes);
    if (full != NULL) {
        return full;
    }
    for (struct mempool_component *at = component; at != NULL; at = at->parent) {
        if (!charge_one(at, bytes)) {
            for (struct mempool_component *done = component; done != at; done = done->parent) {
                (void)add_relaxed(&done->charged, -bytes);
            }
            return at;
        }
    }
    note_soft_limits(component);
    return NULL;
}

bool component_charge_slab(struct mempool_component *component, int64_t bytes) {
    component = component != NULL ? component : root;
    if (component_charge(component, bytes) != NULL) {
        return false;
    }
    (void)add_relaxed(&component->pool_bytes, bytes);
    return true;
}

void components_soft_limits(void) {
    /* A handler that interrupted what holds locks leaves them to the next call. */
    if (thread_interrupted() || exchange_relaxed(&pool_soft_due, 0) == 0) {
        return;
    }
    for (struct mempool_component *at = root; at != NULL; at = component_next(at)) {
        fire_soft_limit(at);
    }
}

struct mempool_component *components_first(void) {
    return root;
}

struct mempool_component *component_next(const struct mempool_component *component) {
    /* M2 pairs with M1 */
    return load_acquire(&component->next);
}

const char *component_name(const struct mempool_component *component) {
    return component != NULL ? component->name : root->name;
}

void component_charge_always(struct mempool_component *component, int64_t bytes) {
    for (struct mempool_component *at = component; at != NULL; at = at->parent) {
        (void)add_relaxed(&at->charged, bytes);
    }
    note_soft_limits(component);
}

static uint64_t grant_below(uint64_t grant, uint64_t limit) {
    return limit == 0 ? grant : min_size(grant, min_size(GRANT_LIMITED_BYTES, limit / GRANT_SHARE));
}

int64_t component_grant_max(const struct mempool_component *component) {
    uint64_t grant = GRANT_BYTES;
    for (const struct mempool_component *at = component; at != NULL; at = at->parent) {
        grant = grant_below(grant, load_relaxed(&at->hard_bytes));
        grant = grant_below(grant, load_relaxed(&at->soft_bytes));
    }
    return (int64_t)grant;
}

struct mempool_component *component_of_thread(const struct thread *thread) {
    struct mempool_component *component = load_relaxed(&thread->component);
    return component != NULL ? component : root;
}

/* ---- public -------------------------------------------------------------------------------- */

MEMPOOL_API struct mempool_component *
mempool_component_create(const char *name, struct mempool_component *parent) {
    struct sys_signals before;
    if (name == NULL || name[0] == '\0') {
        errno = EINVAL;
        return NULL;
    }
    int result = account_init();
    struct mempool_component *component = NULL;
    if (result == 0) {
        sys_signals_block(&before);
        sys_lock_take(&account_lock);
        component = make(name, parent != NULL ? parent : root);
        sys_lock_drop(&account_lock);
        sys_signals_restore(&before);
    }
    if (component == NULL) {
        errno = ENOMEM;
    }
    return component;
}

MEMPOOL_API struct mempool_component *mempool_component_process(void) {
    return account_init() == 0 ? root : NULL;
}

MEMPOOL_API struct mempool_component *mempool_component_current(void) {
    return account_init() == 0 ? component_of_thread(thread_current) : NULL;
}

static void set_current(struct thread *thread, struct mempool_component *component) {
    store_relaxed(&thread->component, component);
    store_relaxed(&thread->account_places, component->account_places);
}

MEMPOOL_API struct mempool_component *mempool_component_enter(struct mempool_component *component) {
    struct thread *thread = thread_current;
    if (MEMPOOL_UNLIKELY(thread == &thread_none || !account_ready())) {
        if (account_init() != 0 || (thread == &thread_none && !thread_attach())) {
            return root; /* what it allocates is the process's */
        }
        thread = thread_current;
    }
    struct mempool_component *before = component_of_thread(thread);
    if (MEMPOOL_LIKELY(thread != &thread_exited)) {
        set_current(thread, component_charged_now(component != NULL ? component : root));
    }
    return before;
}

MEMPOOL_API void mempool_component_leave(struct mempool_component *before) {
    struct thread *thread = thread_current;
    if (thread_attached(thread) && root != NULL) {
        set_current(thread, before != NULL ? before : root);
    }
}

MEMPOOL_API int mempool_component_limit(struct mempool_component *component,
                                        const struct mempool_limits *limits) {
    static const struct mempool_limits none = {.struct_size = sizeof none};
    struct sys_signals before;
    limits = limits != NULL ? limits : &none;
    if (component == NULL || limits->struct_size < sizeof *limits ||
        limits->soft_bytes > INT64_MAX || limits->hard_bytes > INT64_MAX) {
        return -EINVAL;
    }
    /* Grants of before were larger. */
    struct thread *holder = tally_enter(PLACE_NONE);
    if (holder != NULL) {
        (void)tallies_return(holder);
        tally_leave(holder);
    }
    sys_signals_block(&before);
    sys_lock_take(&account_lock);
    component->soft_passed = limits->soft_passed;
    component->soft_arg = limits->arg;
    store_relaxed(&component->soft_fired, 0);
    store_relaxed(&component->soft_bytes, limits->soft_bytes);
    store_relaxed(&component->hard_bytes, limits->hard_bytes);
    sys_lock_drop(&account_lock);
    sys_signals_restore(&before);
    return 0;
}
