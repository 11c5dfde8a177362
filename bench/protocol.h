/* SPDX-License-Identifier: MIT */
/* What the driver and a worker say to each other over the worker's standard input and output. */
#ifndef BENCH_PROTOCOL_H
#define BENCH_PROTOCOL_H

#include <stdint.h>

/*
 * THEORY
 *
 * The driver starts one worker process per peer and case: the same case code compiled for that
 * kind of peer, with the peer's malloc preloaded where the peer is a malloc. The worker says hello,
 * then answers each request with one reply: one request is one round of a case. It ends when its
 * standard input does. Both sides are of one build, so structs travel as they are.
 *
 * A worker keeps its own data in memory from mmap: nothing of the harness is in the heap that it
 * measures.
 */

#define REASON_BYTES 256

/* Hello: the worker's first words. */
struct worker_hello {
    int32_t status;    /* 0, or a negative errno: it cannot run, and says why in `reason` */
    uint32_t reserved; /* 0 */
    char version[64];  /* of the peer's library */
    char library[192]; /* file the peer's functions come from */
    char reason[REASON_BYTES];
};

/* One round of one case. The first request of a worker prepares the case and warms up too. */
struct worker_request {
    uint32_t case_index; /* in bench_cases */
    int32_t cpus[2];     /* CPU of each thread; -1: anywhere */
    uint32_t reserved;   /* 0 */
    uint64_t target_ns;  /* about how long to measure */
};

struct worker_reply {
    int32_t status;            /* 0; -ENOTSUP: this peer has no such case; else a negative errno */
    uint32_t reserved;         /* 0 */
    double value;              /* in the case's unit */
    char reason[REASON_BYTES]; /* where status is not 0 */
};

#endif
