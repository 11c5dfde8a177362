/* SPDX-License-Identifier: MIT */
/* For peers that have no heap: functions that are never called. */
#ifndef BENCH_NO_HEAP_H
#define BENCH_NO_HEAP_H

#include "replay/engine.h"

#define PEER_HAS_HEAP 0

typedef struct peer_no_site *peer_site;

static inline peer_site peer_site_open(const char *name) {
    (void)name;
    return NULL;
}

static inline void peer_enter(struct replay_worker *worker, peer_site site) {
    (void)worker;
    (void)site;
}

static inline void *peer_malloc(peer_site site, size_t bytes) {
    (void)site;
    (void)bytes;
    return NULL;
}

static inline void *peer_calloc(peer_site site, size_t bytes) {
    return peer_malloc(site, bytes);
}

static inline void *peer_realloc(void *block, size_t bytes) {
    (void)block;
    (void)bytes;
    return NULL;
}

static inline void peer_free(void *block) {
    (void)block;
}

#endif
