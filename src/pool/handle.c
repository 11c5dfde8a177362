/* SPDX-License-Identifier: MIT */
/* Is this handle a pool? */
#include "base/attributes.h"
#include "misuse/report.h"
#include "pool/registry.h"

#include <errno.h>

enum mempool_misuse_kind pool_check(const struct mempool *handle) {
    const struct mempool *pool = registry_find(handle);
    if (pool == NULL) {
        return MEMPOOL_MISUSE_NOT_A_POOL;
    }
    return load_relaxed(&pool->depot.state) == DEPOT_ALIVE ? MEMPOOL_MISUSE_KINDS
                                                           : MEMPOOL_MISUSE_DEAD_POOL_GET;
}

MEMPOOL_COLD void pool_report_handle(const struct mempool *handle, enum mempool_misuse_kind kind,
                                     uintptr_t site) {
    const struct mempool *pool = registry_find(handle);
    struct report report = {
        .kind = kind,
        .address = handle,
        .pool_name = pool != NULL && pool->name[0] != '\0' ? pool->name : NULL,
        .site = site,
    };
    if (pool != NULL) {
        add_relaxed(&registry_place(pool->depot.number)->depot.misuses, 1);
    }
    report_misuse(&report);
    errno = EINVAL;
}
