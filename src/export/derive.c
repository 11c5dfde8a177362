/* SPDX-License-Identifier: MIT */
/* What formats tell that no field says by itself. */
#include "export/derive.h"

#include <string.h>

uint64_t derive_live_objects(const struct snapshot_pool *pool) {
    return pool->hot + pool->curr_stdalloc;
}

uint64_t derive_live_bytes(const struct snapshot_pool *pool) {
    return derive_live_objects(pool) * pool->object_bytes;
}

/* The component that the pool is charged to, where that is what its name says; NULL: it is not. A
 * program may give a pool any component's name, and a class of the heap has whom it met first. */
static const struct snapshot_component *component_of(const struct snapshot *snapshot,
                                                     const struct snapshot_pool *pool) {
    if (pool->component < 0 || (size_t)pool->component >= snapshot->n_components) {
        return NULL;
    }
    const struct snapshot_component *component = &snapshot->components[pool->component];
    size_t length = strlen(component->name);
    bool is_named = strncmp(pool->name, component->name, length) == 0 && pool->name[length] == ':';
    return is_named ? component : NULL;
}

/* Components' names may have colons themselves. */
static size_t component_length(const struct snapshot *snapshot, const struct snapshot_pool *pool) {
    const struct snapshot_component *component = component_of(snapshot, pool);
    const char *colon = strchr(pool->name, ':');
    if (component != NULL) {
        return strlen(component->name);
    }
    return colon != NULL ? (size_t)(colon - pool->name) : 0;
}

const char *derive_component(const struct snapshot *snapshot, const struct snapshot_pool *pool,
                             size_t *n) {
    *n = component_length(snapshot, pool);
    return pool->name;
}

const char *derive_type(const struct snapshot *snapshot, const struct snapshot_pool *pool) {
    const char *type = pool->name + component_length(snapshot, pool);
    return *type == ':' ? type + 1 : type;
}

uint32_t derive_generation(const struct snapshot *snapshot, const struct snapshot_pool *pool) {
    const struct snapshot_component *component = component_of(snapshot, pool);
    return component != NULL ? component->generation : 0;
}
