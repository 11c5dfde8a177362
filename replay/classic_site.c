/* SPDX-License-Identifier: MIT */
/* The sites of a trace as types of classic components. */
#include "replay/classic_site.h"

#include <errno.h>
#include <string.h>

#include "replay/registry.h"

enum {
    TYPES_MAX = 256, /* of a component; the original had its number when the component started */
};

/* A component and how many of its types have a name by now. */
struct named_component {
    struct classic_component *component;
    uint32_t n_types;
};

static struct registry components, sites;

static struct named_component *find_component(struct site_name name) {
    void **place = registry_find(&components, name.component, name.component_bytes);
    if (place && !*place) {
        struct named_component *made = replay_memory_take(&components.memory, 1, sizeof(*made));
        if (made) {
            made->component = classic_component_create(TYPES_MAX);
        }
        *place = made && made->component ? made : NULL;
    }
    return place ? *place : NULL;
}

struct classic_site *classic_site_create(const char *name) {
    void **place = registry_find(&sites, name, strlen(name));
    if (!place || *place) {
        return place ? *place : NULL;
    }
    struct named_component *of = find_component(site_name_split(name));
    struct classic_site *site = of ? replay_memory_take(&sites.memory, 1, sizeof(*site)) : NULL;
    if (!site) {
        return NULL;
    }
    if (of->n_types == TYPES_MAX) {
        errno = ENOSPC;
        return NULL;
    }
    site->component = of->component;
    site->type = of->n_types++;
    *place = site;
    return site;
}
