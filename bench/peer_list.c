/* SPDX-License-Identifier: MIT */
/* The known peers, and how each is found. */
#include "bench/peer_list.h"
#include "bench/worker_process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIBRARY_NAMES_MAX 4

/* Where there are several file names, the first that the loader can preload is used. */
static const struct {
    const char *name;
    const char *worker;
    const char *libraries[LIBRARY_NAMES_MAX];
} known_peers[] = {
    [PEER_OURS] = {"mempool", "mempool-bench-mempool", {NULL}},
    {"glibc", "mempool-bench-malloc", {NULL}},
    {"jemalloc", "mempool-bench-malloc", {"libjemalloc.so.2", "libjemalloc.so.1"}},
    {"mimalloc",
     "mempool-bench-malloc",
     {"libmimalloc.so.3", "libmimalloc.so.2", "libmimalloc.so.2.0"}},
    {"tcmalloc", "mempool-bench-malloc", {"libtcmalloc_minimal.so.4", "libtcmalloc.so.4"}},
    {"glusterfs", "mempool-bench-glusterfs", {NULL}},
    {"dpdk", "mempool-bench-dpdk", {NULL}},
    {"classic", "mempool-bench-classic", {NULL}},
};

#define KNOWN_PEERS (sizeof(known_peers) / sizeof(known_peers[0]))

/* Length checked by the callers. */
static void copy_text(char *ret, const char *text, size_t length) {
    memcpy(ret, text, length);
    ret[length] = '\0';
}

void peer_list_init(struct peer_list *list) {
    memset(list, 0, sizeof(*list));
    for (size_t i = 0; i < KNOWN_PEERS; i++) {
        struct peer *peer = &list->peers[i];
        copy_text(peer->name, known_peers[i].name, strlen(known_peers[i].name));
        peer->worker = known_peers[i].worker;
    }
    list->n = KNOWN_PEERS;
}

int peer_list_find(const struct peer_list *list, const char *name) {
    for (size_t i = 0; i < list->n; i++) {
        if (strcmp(list->peers[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

int peer_list_library(struct peer_list *list, const char *text) {
    const char *equals = strchr(text, '=');
    size_t name_length = equals != NULL ? (size_t)(equals - text) : 0;
    size_t path_length = equals != NULL ? strlen(equals + 1) : 0;
    if (name_length == 0 || name_length >= PEER_NAME_BYTES || path_length == 0 ||
        path_length >= PEER_PATH_BYTES) {
        return -EINVAL;
    }
    char name[PEER_NAME_BYTES];
    copy_text(name, text, name_length);
    int place = peer_list_find(list, name);
    if (place < 0) {
        if (list->n == PEERS_MAX) {
            return -ENOSPC;
        }
        place = (int)list->n++;
        memset(&list->peers[place], 0, sizeof(list->peers[place]));
        copy_text(list->peers[place].name, name, name_length);
        list->peers[place].worker = "mempool-bench-malloc";
    } else if (strcmp(list->peers[place].worker, "mempool-bench-malloc") != 0) {
        return -EINVAL;
    }
    copy_text(list->peers[place].preload, equals + 1, path_length);
    return 0;
}

const char *peer_list_choose(struct peer_list *list, const char *names) {
    static char name[PEER_NAME_BYTES];
    bool keep[PEERS_MAX] = {[PEER_OURS] = true};
    while (*names != '\0') {
        size_t length = strcspn(names, ",");
        size_t kept = length < sizeof(name) ? length : sizeof(name) - 1;
        copy_text(name, names, kept);
        int place = peer_list_find(list, name);
        if (place < 0) {
            return name;
        }
        keep[place] = true;
        names += length + (names[length] == ',');
    }
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++) {
        if (keep[i]) {
            list->peers[n++] = list->peers[i];
        }
    }
    list->n = n;
    return NULL;
}

/* Whether the malloc that the worker found is that of the library we asked for. */
static bool is_preloaded(const struct peer *peer) {
    const char *base = strrchr(peer->preload, '/');
    base = base != NULL ? base + 1 : peer->preload;
    /* The loader may name the file that a link leads to: compare up to ".so". */
    size_t length = strcspn(base, ".");
    const char *found = strrchr(peer->hello.library, '/');
    found = found != NULL ? found + 1 : peer->hello.library;
    return strncmp(found, base, length) == 0;
}

/* The library by its own name: links resolved, no ".." on the way. */
static void resolve_library(struct worker_hello *hello) {
    char *path = realpath(hello->library, NULL);
    if (path != NULL && strlen(path) < sizeof(hello->library)) {
        copy_text(hello->library, path, strlen(path));
    }
    free(path);
}

static void probe_one(struct peer *peer) {
    struct worker_process process;
    int status = worker_process_start(&process, peer, WORKER_QUIET);
    peer->available = false;
    if (status != 0) {
        if (peer->hello.reason[0] == '\0') {
            (void)snprintf(peer->hello.reason, sizeof(peer->hello.reason), "%s",
                           status == -ENOENT ? "not built" : strerror(-status));
        }
        return;
    }
    worker_process_stop(&process);
    peer->available = peer->preload[0] == '\0' || is_preloaded(peer);
    if (!peer->available) {
        (void)snprintf(peer->hello.reason, sizeof(peer->hello.reason), "not installed");
    }
    resolve_library(&peer->hello);
}

static void probe_libraries(struct peer *peer, const char *const *libraries) {
    for (size_t i = 0; i < LIBRARY_NAMES_MAX && libraries[i] != NULL && !peer->available; i++) {
        copy_text(peer->preload, libraries[i], strlen(libraries[i]));
        memset(&peer->hello, 0, sizeof(peer->hello));
        probe_one(peer);
    }
}

int peer_list_probe(struct peer_list *list) {
    for (size_t i = 0; i < list->n; i++) {
        struct peer *peer = &list->peers[i];
        const char *const *libraries = NULL;
        for (size_t j = 0; j < KNOWN_PEERS && peer->preload[0] == '\0'; j++) {
            if (strcmp(known_peers[j].name, peer->name) == 0) {
                libraries = known_peers[j].libraries;
            }
        }
        if (libraries != NULL && libraries[0] != NULL) {
            probe_libraries(peer, libraries);
        } else {
            probe_one(peer);
        }
    }
    return list->peers[PEER_OURS].available ? 0 : -ENOENT;
}
