/* SPDX-License-Identifier: MIT */
/* The work of `mempool replay`, and its results. */
#ifndef CLI_REPLAY_JOB_H
#define CLI_REPLAY_JOB_H

#include <mempool/mempool.h>

#include "cli/progress.h"
#include "cli/replay_arguments.h"
#include "replay/resident.h"
#include "replay/spread.h"

/* What one contender took. */
struct replay_result {
    const struct replay_contender *contender;
    double *round_ns; /* nanoseconds for each of trace_pairs, of each round in order */
    struct spread ns; /* of those */
    bool has_resident;
    struct resident_use resident;
};

struct replay_job {
    struct replay_memory memory;
    struct trace *trace;
    struct plan *plan;
    struct replay_engine *engine;
    const struct replay_arguments *arguments;
    struct replay_result results[REPLAY_CONTENDERS_MAX];
    struct mempool_stats *pools; /* ours, at the end of the last round, in the trace's order */
    size_t n_pools;              /* of those, filled */
};

/** replay_job_run: load, measure memory, run the rounds.
 *  Shape: an exit status (verb.h); a complaint was written where it is not CLI_OK. Release the job
 *         in any case. */
int replay_job_run(struct replay_job *job, const struct replay_arguments *arguments,
                   const struct progress *progress);

/** replay_job_release: give everything back. */
void replay_job_release(struct replay_job *job);

/** replay_job_ratio: a contender's median by ours. */
double replay_job_ratio(const struct replay_job *job, const struct replay_result *result);

#endif
