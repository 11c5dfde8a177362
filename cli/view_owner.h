/* SPDX-License-Identifier: MIT */
/* Whose something is: component and type of pools, accounts, call sites; and choosing by them. */
#ifndef CLI_VIEW_OWNER_H
#define CLI_VIEW_OWNER_H

#include <stdbool.h>
#include <stddef.h>

#include "view/snapshot.h"

/* The component's name as text of so many bytes; both may be "". */
struct view_owner {
    const char *component;
    size_t component_bytes;
    const char *type;
};

/* What to look at; NULL: all. */
struct view_filter {
    const char *pool, *component, *type;
};

/** view_owner_of_pool: by the name, "component:type". */
struct view_owner view_owner_of_pool(const struct snapshot_pool *pool);

/** view_owner_of_account: as its indices say. */
struct view_owner view_owner_of_account(const struct snapshot *snapshot,
                                        const struct snapshot_account *account);

/** view_owner_of_group: that of its pool or account, and else by its text. */
struct view_owner view_owner_of_group(const struct snapshot *snapshot,
                                      const struct snapshot_group *group);

/** view_pool_is: whether a word means that pool: its name, name#serial, or address (0x...). */
bool view_pool_is(const struct snapshot_pool *pool, const char *word);

/** view_filter_has_pool, _account, _group: whether it is to be looked at. */
bool view_filter_has_pool(const struct view_filter *filter, const struct snapshot_pool *pool);
bool view_filter_has_account(const struct view_filter *filter, const struct snapshot *snapshot,
                             const struct snapshot_account *account);
bool view_filter_has_group(const struct view_filter *filter, const struct snapshot *snapshot,
                           const struct snapshot_group *group);

/** view_print_filter_help: the options. */
void view_print_filter_help(void);

#endif
