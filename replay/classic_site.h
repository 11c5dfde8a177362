/* SPDX-License-Identifier: MIT */
/* The sites of a trace as types of classic components: for the contender and the benchmark. */
#ifndef REPLAY_CLASSIC_SITE_H
#define REPLAY_CLASSIC_SITE_H

#include "replay/classic_heap.h"

struct classic_site {
    struct classic_component *component;
    uint32_t type;
};

/** classic_site_create: the site of a name "component:type"; the same name, the same site. Sites
 *  live as long as the process. NULL with errno ENOMEM, or ENOSPC: too many types. Not for several
 *  threads at once. */
struct classic_site *classic_site_create(const char *name);

static inline void *classic_site_malloc(const struct classic_site *site, size_t bytes) {
    return classic_malloc(site->component, site->type, bytes);
}

static inline void *classic_site_calloc(const struct classic_site *site, size_t bytes) {
    return classic_calloc(site->component, site->type, bytes);
}

#endif
