/* SPDX-License-Identifier: MIT */
/* The sites of a trace as accounts of our heap: for the contender and the benchmark. */
#ifndef REPLAY_OWN_SITE_H
#define REPLAY_OWN_SITE_H

#include <mempool/account.h>

#include "replay/engine.h"

struct own_site {
    struct mempool_component *component; /* NULL: the process's */
    struct mempool_type *type;
};

/** own_site_create: the site of a name "component:type"; the same name, the same site, and one
 *  component for each of their names. Sites live as long as the process. NULL with errno ENOMEM.
 *  Not for several threads at once. */
struct own_site *own_site_create(const char *name);

/* Before an allocation: be in the site's component. A program enters one where it goes from module
 * to module, and not at each allocation; so does this. */
static inline void own_site_enter(struct replay_worker *worker, const struct own_site *site) {
    if (worker->own != site->component) {
        mempool_component_enter(site->component);
        worker->own = site->component;
    }
}

static inline void *own_site_malloc(struct replay_worker *worker, const struct own_site *site,
                                    size_t bytes) {
    own_site_enter(worker, site);
    return mempool_malloc_typed(bytes, site->type);
}

static inline void *own_site_calloc(struct replay_worker *worker, const struct own_site *site,
                                    size_t bytes) {
    own_site_enter(worker, site);
    return mempool_calloc_typed(1, bytes, site->type);
}

#endif
