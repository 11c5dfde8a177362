/* SPDX-License-Identifier: MIT */
/* The allocators that are compared, and which of them this machine has. */
#ifndef BENCH_PEER_LIST_H
#define BENCH_PEER_LIST_H

#include "bench/protocol.h"

#include <stdbool.h>
#include <stddef.h>

#define PEERS_MAX 16
#define PEER_NAME_BYTES 24
#define PEER_PATH_BYTES 192

/* The one that the others are compared with; always at place 0. */
#define PEER_OURS 0

struct peer {
    char name[PEER_NAME_BYTES];
    const char *worker;            /* file name of its worker program */
    char preload[PEER_PATH_BYTES]; /* what its worker is started with in LD_PRELOAD; "": nothing */
    bool available;                /* a worker said hello */
    struct worker_hello hello;     /* what it said, or why it could not */
};

struct peer_list {
    size_t n;
    struct peer peers[PEERS_MAX];
};

/** peer_list_init: every peer that is known, none probed yet. */
void peer_list_init(struct peer_list *list);

/** peer_list_library: from text "NAME=FILE": use FILE as the malloc called NAME, which may be new.
 *  0, or -EINVAL (no such form, name of a peer that is no preloaded malloc), -ENOSPC. */
int peer_list_library(struct peer_list *list, const char *text);

/** peer_list_choose: keep those that the comma-separated names say; ours is always kept.
 *  NULL, or the first name that is not known (in memory of this function). */
const char *peer_list_choose(struct peer_list *list, const char *names);

/** peer_list_probe: start each peer's worker once and note what it says.
 *  Shape: 0, or the negative errno of ours: without it there is nothing to measure. */
int peer_list_probe(struct peer_list *list);

/** peer_list_find: place in the list, or -1. */
int peer_list_find(const struct peer_list *list, const char *name);

#endif
