/* SPDX-License-Identifier: MIT */
/* Reading the books: sums over threads, under threads_lock, so that none ends in between. */
#include "account/books.h"
#include "account/tally.h"
#include "base/attributes.h"

#include <errno.h>
#include <string.h>

static void read_account(uint32_t number, struct mempool_account *ret) {
    const struct account *account = account_at(number);
    struct account_sums sums = account_sum(number);
    int64_t live = load_relaxed(&account->granted) - sums.balances;
    int64_t peak = load_relaxed(&account->peak_bytes);
    int64_t peak_blocks = load_relaxed(&account->peak_blocks);
    memset(ret, 0, sizeof *ret);
    ret->struct_size = sizeof *ret;
    if (sums.n_threads == 1) {
        /* What it has yet to note. */
        peak = sums.peak_bytes > peak ? sums.peak_bytes : peak;
        peak_blocks = sums.peak_blocks > peak_blocks ? sums.peak_blocks : peak_blocks;
    }
    ret->component = account->component;
    ret->type = account->type;
    ret->component_name = account->component->name;
    ret->type_name = account->type->name;
    ret->generation = account->component->generation;
    ret->ended = load_relaxed(&account->component->ended) != 0;
    ret->live_bytes = live > 0 ? (uint64_t)live : 0;
    ret->live_blocks = sums.blocks > 0 ? (uint64_t)sums.blocks : 0;
    ret->peak_bytes = (uint64_t)(peak > live ? peak : live);
    ret->peak_blocks = (uint64_t)(peak_blocks > sums.blocks ? peak_blocks : sums.blocks);
    ret->total_blocks = sums.total_blocks;
    ret->total_frees = sums.total_frees;
}

/* With threads_lock, so that no thread ends in between. */
void account_read(uint32_t number, struct mempool_account *ret) {
    struct sys_signals before;
    sys_signals_block(&before);
    sys_lock_take(&threads_lock);
    read_account(number, ret);
    sys_lock_drop(&threads_lock);
    sys_signals_restore(&before);
}

MEMPOOL_API size_t mempool_accounts(int (*visit)(const struct mempool_account *account, void *arg),
                                    void *arg) {
    struct mempool_account account;
    size_t visited = 0;
    if (visit == NULL) {
        errno = EINVAL;
        return 0;
    }
    if (!account_ready()) {
        return 0;
    }
    uint32_t n = accounts_used();
    for (uint32_t i = 1; i < n; i++) {
        account_read(i, &account);
        if (account.total_blocks > 0) {
            visited++;
            if (visit(&account, arg) != 0) {
                break;
            }
        }
    }
    return visited;
}

MEMPOOL_API int mempool_component_stats(const struct mempool_component *component,
                                        struct mempool_component_stats *ret) {
    size_t struct_size = ret != NULL ? ret->struct_size : 0;
    struct mempool_component_stats stats = {.struct_size = 0};
    struct mempool_account account;
    if (component == NULL || struct_size < sizeof stats) {
        return -EINVAL;
    }
    uint32_t n = accounts_used();
    for (uint32_t i = 1; i < n; i++) {
        if (account_at(i)->component == component) {
            account_read(i, &account);
            stats.live_bytes += account.live_bytes;
            stats.live_blocks += account.live_blocks;
        }
    }
    int64_t charged = load_relaxed(&component->charged);
    stats.name = component->name;
    stats.generation = component->generation;
    stats.ended = load_relaxed(&component->ended) != 0;
    stats.parent = component->parent;
    stats.pool_bytes = (uint64_t)load_relaxed(&component->pool_bytes);
    stats.charged_bytes = charged > 0 ? (uint64_t)charged : 0;
    stats.refused = load_relaxed(&component->refused);
    stats.struct_size = sizeof stats;
    *ret = stats;
    return 0;
}
