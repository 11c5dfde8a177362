/* SPDX-License-Identifier: MIT */
/* Remembers one pointer for each name. */
#include "replay/registry.h"

#include <string.h>

struct registry_entry {
    struct registry_entry *next;
    void *value;
    size_t bytes;
    char text[];
};

void **registry_find(struct registry *registry, const char *text, size_t bytes) {
    struct registry_entry *entry = registry->first;
    while (entry && (entry->bytes != bytes || memcmp(entry->text, text, bytes) != 0)) {
        entry = entry->next;
    }
    if (!entry) {
        entry = replay_memory_take(&registry->memory, 1, sizeof(*entry) + bytes);
        if (!entry) {
            return NULL;
        }
        memcpy(entry->text, text, bytes);
        entry->bytes = bytes;
        entry->next = registry->first;
        registry->first = entry;
        registry->n++;
    }
    return &entry->value;
}

struct site_name site_name_split(const char *name) {
    const char *colon = strchr(name, ':');
    size_t component_bytes = colon ? (size_t)(colon - name) : 0;
    return (struct site_name){name, component_bytes, colon ? colon + 1 : name};
}
