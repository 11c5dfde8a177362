/* SPDX-License-Identifier: MIT */
/* Whose something is: component and type of pools, accounts, call sites; and choosing by them. */
#include "cli/view_owner.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void view_print_filter_help(void) {
    fputs("  --pool=POOL    of one pool only: its name, NAME#SERIAL, or its address (0x...)\n"
          "  --component=NAME\n"
          "                 of one component only\n"
          "  --type=NAME    of one type only\n",
          stdout);
}

/* "component:type"; without a colon all of it is the type. */
static struct view_owner owner_of_text(const char *text) {
    const char *colon = strchr(text, ':');
    if (!colon) {
        return (struct view_owner){"", 0, text};
    }
    return (struct view_owner){text, (size_t)(colon - text), colon + 1};
}

struct view_owner view_owner_of_pool(const struct snapshot_pool *pool) {
    return owner_of_text(pool->name);
}

struct view_owner view_owner_of_account(const struct snapshot *snapshot,
                                        const struct snapshot_account *account) {
    bool is_known =
        account->component >= 0 && (size_t)account->component < snapshot->n_components;
    const char *name = is_known ? snapshot->components[account->component].name : "";
    return (struct view_owner){name, strlen(name), account->type};
}

struct view_owner view_owner_of_group(const struct snapshot *snapshot,
                                      const struct snapshot_group *group) {
    if (group->account >= 0 && (size_t)group->account < snapshot->n_accounts) {
        return view_owner_of_account(snapshot, &snapshot->accounts[group->account]);
    }
    if (group->pool >= 0 && (size_t)group->pool < snapshot->n_pools) {
        return view_owner_of_pool(&snapshot->pools[group->pool]);
    }
    return owner_of_text(group->what);
}

bool view_pool_is(const struct snapshot_pool *pool, const char *word) {
    char *end;
    if (strncmp(word, "0x", 2) == 0) {
        errno = 0;
        unsigned long long address = strtoull(word, &end, 16);
        return errno == 0 && *end == '\0' && address == pool->address;
    }
    if (strcmp(pool->name, word) == 0) {
        return true;
    }
    size_t n = strlen(pool->name);
    char serial[24];
    snprintf(serial, sizeof(serial), "#%" PRIu64, pool->serial);
    return strncmp(pool->name, word, n) == 0 && strcmp(word + n, serial) == 0;
}

static bool has_owner(const struct view_filter *filter, struct view_owner owner) {
    if (filter->type && strcmp(filter->type, owner.type) != 0) {
        return false;
    }
    return !filter->component ||
           (strlen(filter->component) == owner.component_bytes &&
            memcmp(filter->component, owner.component, owner.component_bytes) == 0);
}

bool view_filter_has_pool(const struct view_filter *filter, const struct snapshot_pool *pool) {
    return (!filter->pool || view_pool_is(pool, filter->pool)) &&
           has_owner(filter, view_owner_of_pool(pool));
}

bool view_filter_has_account(const struct view_filter *filter, const struct snapshot *snapshot,
                             const struct snapshot_account *account) {
    return !filter->pool && has_owner(filter, view_owner_of_account(snapshot, account));
}

bool view_filter_has_group(const struct view_filter *filter, const struct snapshot *snapshot,
                           const struct snapshot_group *group) {
    if (group->pool >= 0 && (size_t)group->pool < snapshot->n_pools) {
        return view_filter_has_pool(filter, &snapshot->pools[group->pool]);
    }
    return !filter->pool && has_owner(filter, view_owner_of_group(snapshot, group));
}
