/* SPDX-License-Identifier: MIT */
/* Worker for whatever malloc the process has: glibc's, or the one that is preloaded. */
#include "bench/worker.h"
#include "replay/engine.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A "pool" of a malloc is the size to ask for, carried in a pointer that points nowhere. */
typedef struct peer_size *peer_pool;

static inline size_t size_of(peer_pool pool) {
    return (size_t)(uintptr_t)pool;
}

#define PEER_GET_AND_CLEAR

/* 209 is 2.0.9; from five digits on there are two for each part. */
static void tell_mimalloc_version(struct worker_hello *hello, int number) {
    int base = number < 10000 ? 10 : 100;
    (void)snprintf(hello->version, sizeof(hello->version), "%d.%d.%d", number / base / base,
                   number / base % base, number % base);
}

/* Each library says its version in its own way. */
static void tell_version(struct worker_hello *hello) {
    int (*mallctl)(const char *, void *, size_t *, void *, size_t) = NULL;
    int (*mi_version)(void) = NULL;
    const char *(*tc_version)(int *, int *, const char **) = NULL;
    *(void **)&mallctl = dlsym(RTLD_DEFAULT, "mallctl");
    *(void **)&mi_version = dlsym(RTLD_DEFAULT, "mi_version");
    *(void **)&tc_version = dlsym(RTLD_DEFAULT, "tc_version");
    char libc[64] = "";
    const char *text = "";
    size_t length = sizeof(text);
    if (mallctl != NULL && mallctl("version", &text, &length, NULL, 0) == 0) {
        worker_text(hello->version, sizeof(hello->version), text);
        hello->version[strcspn(hello->version, "-")] = '\0'; /* "5.3.0-0-g54ea..." */
    } else if (mi_version != NULL) {
        tell_mimalloc_version(hello, mi_version());
    } else if (tc_version != NULL) {
        int major = 0;
        int minor = 0;
        const char *patch = "";
        text = tc_version(&major, &minor, &patch);
        worker_text(hello->version, sizeof(hello->version), text);
    } else if (strstr(hello->library, "/libc.so") != NULL &&
               confstr(_CS_GNU_LIBC_VERSION, libc, sizeof(libc)) > 0) {
        worker_text(hello->version, sizeof(hello->version), libc + strcspn(libc, " ") + 1);
    }
}

int peer_start(struct worker_hello *hello) {
    Dl_info info;
    /* Looked up as the loader binds it: tells whether a preloaded library took its place. */
    void *bound = dlsym(RTLD_DEFAULT, "malloc");
    if (bound != NULL && dladdr(bound, &info) != 0 && info.dli_fname != NULL) {
        worker_text(hello->library, sizeof(hello->library), info.dli_fname);
    }
    tell_version(hello);
    return 0;
}

static inline int peer_open(peer_pool *ret, size_t object_bytes, size_t count) {
    (void)count;
    *ret = (peer_pool)(uintptr_t)object_bytes;
    return 0;
}

static inline void peer_close(peer_pool pool) {
    (void)pool;
}

static inline void *peer_get(peer_pool pool) {
    return malloc(size_of(pool));
}

static inline void *peer_get0(peer_pool pool) {
    return calloc(1, size_of(pool));
}

static inline void *peer_get_and_clear(peer_pool pool) {
    void *object = malloc(size_of(pool));
    return object != NULL ? memset(object, 0, size_of(pool)) : NULL;
}

static inline void peer_put(peer_pool pool, void *object) {
    (void)pool;
    free(object);
}

/* malloc keeps no account: all sites are one. */
typedef char *peer_site;

static inline peer_site peer_site_open(const char *name) {
    static char nowhere;
    (void)name;
    return &nowhere;
}

static inline void peer_enter(struct replay_worker *worker, peer_site site) {
    (void)worker;
    (void)site;
}

static inline void *peer_malloc(peer_site site, size_t bytes) {
    (void)site;
    return malloc(bytes);
}

static inline void *peer_calloc(peer_site site, size_t bytes) {
    (void)site;
    return calloc(1, bytes);
}

/* To 0 bytes it would be a free. */
static inline void *peer_realloc(void *block, size_t bytes) {
    return realloc(block, bytes > 0 ? bytes : 1);
}

static inline void peer_free(void *block) {
    free(block);
}

#include "bench/one_by_one.h"

#include "bench/cases_template.h"
