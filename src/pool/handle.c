/* SPDX-License-Identifier: MIT */
/* Is this handle a pool? */
#include "base/attributes.h"
#include "misuse/report.h"
#include "pool/registry.h"
#include "pool/view.h"

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
    struct mempool *pool = registry_find(handle);
    char name[MEMPOOL_NAME_BYTES] = "";
    if (pool != NULL) {
        pool_copy_name(pool, name);
        add_relaxed(&pool->depot.misuses, 1);
    }
    struct report report = {
        .kind = kind,
        .address = handle,
        .pool_name = name[0] != '\0' ? name : NULL,
        .site = site,
    };
    report_misuse(&report);
    errno = EINVAL;
}
