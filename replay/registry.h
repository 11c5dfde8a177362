/* SPDX-License-Identifier: MIT */
/* Remembers one pointer for each name: what contenders make once for each component or site. */
#ifndef REPLAY_REGISTRY_H
#define REPLAY_REGISTRY_H

#include <stddef.h>

#include "replay/memory.h"

/* A list: there are a few hundred names, and they are looked up before the clock starts. Zero-fill
 * it. Not for several threads at once. */
struct registry {
    struct replay_memory memory; /* also for what the pointers lead to */
    struct registry_entry *first;
    size_t n;
};

/** registry_find: where the pointer of the name text[0 .. bytes) is kept: NULL at first. The place
 *  stays where it is. NULL with errno ENOMEM. */
void **registry_find(struct registry *registry, const char *text, size_t bytes);

/* The parts of a site's name, "component:type". */
struct site_name {
    const char *component; /* not NUL-terminated; empty where there is no colon */
    size_t component_bytes;
    const char *type;
};

/** site_name_split: a site's name in parts. */
struct site_name site_name_split(const char *name);

#endif
