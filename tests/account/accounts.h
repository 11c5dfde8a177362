/* SPDX-License-Identifier: MIT */
/* Short ways to read the books of the accounted heap. */
#ifndef TESTS_ACCOUNT_ACCOUNTS_H
#define TESTS_ACCOUNT_ACCOUNTS_H

#include "check.h"

#include <mempool/account.h>

#include <string.h>

struct account_wanted {
    const struct mempool_component *component;
    const struct mempool_type *type;
    struct mempool_account found;
};

static inline int account_is_wanted(const struct mempool_account *account, void *arg) {
    struct account_wanted *wanted = arg;
    CHECK_EQUAL(account->struct_size, sizeof *account);
    if (account->component != wanted->component || account->type != wanted->type) {
        return 0;
    }
    wanted->found = *account;
    return 1;
}

/* All zero where that component never had a block of that type. */
static inline struct mempool_account account_of(const struct mempool_component *component,
                                                const char *type) {
    struct account_wanted wanted = {.component = component, .type = mempool_type(type)};
    (void)mempool_accounts(account_is_wanted, &wanted);
    return wanted.found;
}

static inline struct mempool_component_stats
component_stats(const struct mempool_component *component) {
    struct mempool_component_stats stats = {.struct_size = sizeof stats};
    CHECK_EQUAL(mempool_component_stats(component, &stats), 0);
    return stats;
}

static inline struct mempool_component *component_of(const char *name,
                                                     struct mempool_component *parent) {
    struct mempool_component *component = mempool_component_create(name, parent);
    CHECK(component != NULL);
    return component;
}

static inline struct mempool_block block_description(const void *block) {
    struct mempool_block description = {.struct_size = sizeof description};
    CHECK_EQUAL(mempool_block_describe(block, &description), 0);
    return description;
}

/* A hard limit, or none for 0. */
static inline void limit_hard(struct mempool_component *component, uint64_t bytes) {
    struct mempool_limits limits = {.struct_size = sizeof limits, .hard_bytes = bytes};
    CHECK_EQUAL(mempool_component_limit(component, &limits), 0);
}

#endif
