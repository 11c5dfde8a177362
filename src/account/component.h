/* SPDX-License-Identifier: MIT */
/* Components: who owns memory.
 *
 * THEORY
 *
 * A tree; the process's component is its root. A thread's current component is two pointers in its
 * `struct thread`: the component, and its table from type numbers to accounts, which is all that an
 * allocation looks at. An entry 0 says that the account has yet to be made.
 *
 *      thread->account_places --> component->account_places[type entry] --> account
 *
 * Components are never freed: accounts and blocks refer to them. One that has ended hands what
 * would be charged to it to the nearest one above that has not: its entries become 0, and are
 * filled again with numbers of that one's accounts.
 *
 * LIMITS. `charged` is what threads have been granted of the component and all below it, and its
 * pools' slabs; it is raised before memory is used, from the component up to the root, and undone
 * where one of them is at its hard limit. Atomic adds, no lock. */
#ifndef MEMPOOL_ACCOUNT_COMPONENT_H
#define MEMPOOL_ACCOUNT_COMPONENT_H

#include "account/type.h"
#include "pool/pool.h"

#include <stdbool.h>

struct mempool_component {
    _Atomic(uint32_t) *account_places; /* by type_entry */
    struct mempool_component *parent;   /* NULL: the root */
    struct mempool_component *_Atomic next; /* made later; account_lock writes, once */
    uint32_t generation;
    _Atomic uint32_t ended;
    _Atomic int64_t charged;
    _Atomic int64_t pool_bytes; /* of it: charged slabs of its own pools */
    _Atomic uint64_t hard_bytes, soft_bytes; /* 0: none */
    _Atomic uint32_t soft_fired; /* the callback was called, and charged has not fallen since */
    _Atomic uint64_t refused;
    /* account_lock */
    void (*soft_passed)(struct mempool_component *component, uint64_t bytes, void *arg);
    void *soft_arg;
    char name[MEMPOOL_ACCOUNT_NAME_BYTES];
};

/* The root; account_lock is held: 0 or -ENOMEM. */
int components_init(void);
struct mempool_component *component_root(void);

/* The nearest one, from here up, that has not ended. */
struct mempool_component *component_charged_now(struct mempool_component *component);

/* Charge so many bytes (negative: give back) to a component and all above it: NULL. Or the one that
 * would pass its hard limit; nothing is charged then. Where a soft limit is passed, its callback is
 * due: components_soft_limits calls it, where nothing is held and no tally is being changed; in a
 * handler that interrupted a call of its own thread it leaves that to the next call. */
struct mempool_component *component_charge(struct mempool_component *component, int64_t bytes);
/* Of slabs (depot_charge). */
bool component_charge_slab(struct mempool_component *component, int64_t bytes);
void components_soft_limits(void);
static inline void components_fire(void) {
    if (MEMPOOL_UNLIKELY(load_relaxed(&pool_soft_due) != 0)) {
        components_soft_limits();
    }
}
/* The same where memory is there already and cannot be refused. */
void component_charge_always(struct mempool_component *component, int64_t bytes);

/* The most that a thread may be granted at once. */
int64_t component_grant_max(const struct mempool_component *component);

/* All components, in the order in which they were made; NULL: none, no more. */
struct mempool_component *components_first(void);
struct mempool_component *component_next(const struct mempool_component *component);

/* NULL: the root's. */
const char *component_name(const struct mempool_component *component);

/* The thread's current component, or the root. */
struct mempool_component *component_of_thread(const struct thread *thread);

#endif
