/* SPDX-License-Identifier: MIT */
/* The sites of a trace as accounts of our heap. */
#include "replay/own_site.h"

#include <errno.h>
#include <string.h>

#include "replay/registry.h"

static struct registry components, sites;

/* *ret is the component of that name; NULL for the process's: 0, or a negative errno. */
static int find_component(struct site_name name, struct mempool_component **ret) {
    char text[MEMPOOL_ACCOUNT_NAME_BYTES];
    if (name.component_bytes == 0) {
        *ret = NULL;
        return 0;
    }
    void **place = registry_find(&components, name.component, name.component_bytes);
    if (place && !*place) {
        size_t bytes =
            name.component_bytes < sizeof(text) ? name.component_bytes : sizeof(text) - 1;
        memcpy(text, name.component, bytes);
        text[bytes] = '\0';
        *place = mempool_component_create(text, NULL);
    }
    *ret = place ? *place : NULL;
    return *ret ? 0 : -ENOMEM;
}

struct own_site *own_site_create(const char *name) {
    void **place = registry_find(&sites, name, strlen(name));
    if (!place || *place) {
        return place ? *place : NULL;
    }
    struct site_name parts = site_name_split(name);
    struct own_site *site = replay_memory_take(&sites.memory, 1, sizeof(*site));
    if (!site || find_component(parts, &site->component) != 0) {
        errno = ENOMEM;
        return NULL;
    }
    site->type = mempool_type(parts.type);
    *place = site;
    return site;
}
