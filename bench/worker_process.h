/* SPDX-License-Identifier: MIT */
/* The driver's side of a worker: start it, ask it, stop it. */
#ifndef BENCH_WORKER_PROCESS_H
#define BENCH_WORKER_PROCESS_H

#include "bench/peer_list.h"
#include "bench/protocol.h"

#include <sys/types.h>

struct worker_process {
    pid_t pid; /* 0: none */
    int to;    /* its standard input */
    int from;  /* its standard output */
};

/* Whether the worker's standard error is shown; a probe's is not (the loader complains there). */
enum worker_noise { WORKER_QUIET, WORKER_LOUD };

/** worker_process_setup: where the worker programs are (beside this one) and the traces they
 *  replay, of pools only and with heap events. 0, or a negative errno. Call once, first. */
int worker_process_setup(const char *trace_path, const char *heap_trace_path);

/** worker_process_start: start the peer's worker and read its hello into peer->hello.
 *  0, or a negative errno: -ENOENT (no such program), -EPROTO (it said nothing sensible), or what
 *  the worker itself says in its hello. No process is left then. */
int worker_process_start(struct worker_process *ret, struct peer *peer, enum worker_noise noise);

/** worker_process_ask: one request, one reply. 0, also where the reply's own status is not 0; or
 *  -EPROTO with text in reply->reason: the worker ended (and how), -ETIMEDOUT: it was ended. */
int worker_process_ask(struct worker_process *process, const struct worker_request *request,
                       struct worker_reply *reply);

/** worker_process_stop: end it and wait for it. Nothing where there is none. */
void worker_process_stop(struct worker_process *process);

#endif
