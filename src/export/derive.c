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

static const struct snapshot_component *component_of(const struct snapshot *snapshot,
                                                     const struct snapshot_pool *pool) {
    bool has = pool->component >= 0 && (size_t)pool->component < snapshot->n_components;
    return has ? &snapshot->components[pool->component] : NULL;
}

/* How long the component's part of the name is. Component names may have colons themselves. */
static size_t component_length(const struct snapshot *snapshot, const struct snapshot_pool *pool) {
    const struct snapshot_component *component = component_of(snapshot, pool);
    size_t length = component != NULL ? strlen(component->name) : 0;
    if (component != NULL && strncmp(pool->name, component->name, length) == 0 &&
        pool->name[length] == ':') {
        return length;
    }
    const char *colon = strchr(pool->name, ':');
    return colon != NULL ? (size_t)(colon - pool->name) : 0;
}

const char *derive_type(const struct snapshot *snapshot, const struct snapshot_pool *pool) {
    const char *type = pool->name + component_length(snapshot, pool);
    return *type == ':' ? type + 1 : type;
}

const char *derive_component(const struct snapshot *snapshot, const struct snapshot_pool *pool,
                             size_t *n) {
    const struct snapshot_component *component = component_of(snapshot, pool);
    *n = component != NULL ? strlen(component->name) : component_length(snapshot, pool);
    return component != NULL ? component->name : pool->name;
}

uint32_t derive_generation(const struct snapshot *snapshot, const struct snapshot_pool *pool) {
    const struct snapshot_component *component = component_of(snapshot, pool);
    return component != NULL ? component->generation : 0;
}
