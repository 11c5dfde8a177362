/* SPDX-License-Identifier: MIT */
/* Components that end; and, where nothing of theirs is live, go on. */
#include "account/books.h"
#include "account/tally.h"
#include "base/attributes.h"

#include <string.h>

/* Make the next allocation of each type look where to be charged. account_lock is held. */
static void forget_accounts(struct mempool_component *component) {
    for (uint32_t i = 0; i < TYPES_MAX; i++) {
        uint32_t entry = type_entry(i);
        if (load_relaxed(&component->account_places[entry]) != PLACE_NONE) {
            store_relaxed(&component->account_places[entry], PLACE_NONE);
        }
    }
}

MEMPOOL_API size_t mempool_component_end(struct mempool_component *component) {
    struct mempool_component_stats stats = {.struct_size = sizeof stats};
    struct sys_signals before;
    if (component == NULL || component->parent == NULL) {
        return 0; /* the process's ends with the process */
    }
    sys_signals_block(&before);
    sys_lock_take(&account_lock);
    store_relaxed(&component->ended, 1);
    /* Those below that ended before may have led here. */
    for (struct mempool_component *at = component; at != NULL; at = at->next) {
        if (load_relaxed(&at->ended)) {
            forget_accounts(at);
        }
    }
    sys_lock_drop(&account_lock);
    sys_signals_restore(&before);
    (void)mempool_component_stats(component, &stats);
    return (size_t)stats.live_blocks;
}

/* ---- going on -------------------------------------------------------------------------------- */

/* account_lock is held. */
static bool has_live_blocks(const struct mempool_component *component) {
    bool has = false;
    for (uint32_t number = 1; number < accounts_used() && !has; number++) {
        has = account_at(number)->component == component && account_sum(number).blocks != 0;
    }
    return has;
}

static bool is_resting(const struct mempool_component *component, const char *name) {
    return component->parent == component_root() && load_relaxed(&component->ended) != 0 &&
           strcmp(component->name, name) == 0 && load_relaxed(&component->pool_bytes) == 0 &&
           !has_live_blocks(component);
}

static void resume_locked(struct mempool_component *component) {
    store_relaxed(&component->ended, 0);
    /* What came meanwhile was charged above. */
    forget_accounts(component);
    for (uint32_t number = 1; number < accounts_used(); number++) {
        const struct account *account = account_at(number);
        if (account->component == component) {
            account_lead_to(component, account->type, account_place(number));
        }
    }
}

struct mempool_component *component_resume(const char *name) {
    char kept[MEMPOOL_ACCOUNT_NAME_BYTES];
    struct sys_signals before;
    if (account_init() != 0) {
        return NULL;
    }
    account_name_copy(kept, name);
    sys_signals_block(&before);
    sys_lock_take(&account_lock);
    struct mempool_component *component = components_first();
    while (component != NULL && !is_resting(component, kept)) {
        component = component_next(component);
    }
    if (component != NULL) {
        resume_locked(component);
    }
    sys_lock_drop(&account_lock);
    sys_signals_restore(&before);
    return component;
}
