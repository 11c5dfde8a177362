/* SPDX-License-Identifier: MIT */
/* How much resident memory a contender needs for a trace. */
#ifndef REPLAY_RESIDENT_H
#define REPLAY_RESIDENT_H

#include "replay/engine.h"

/*
 * THEORY
 *
 * Resident memory is that of a whole process, so each contender is measured in a process of its
 * own, forked before any contender has run: it runs one verified round (which writes every byte of
 * every object, as programs do in the end) and reads its resident memory before the pools are made,
 * often in between, and at the end, while the trace's last objects are still live.
 *
 * What is counted is anonymous and shared memory, exactly, from /proc/self/smaps_rollup: not the
 * pages of the program's own file, which come in as code first runs. Where that file is not there
 * it is the resident pages of /proc/self/statm, which counts those too.
 *
 * A contender that can tell what the memory is does so at the end, after the last reading.
 */

struct resident_use {
    uint64_t before_bytes;      /* resident before the pools are made */
    uint64_t peak_growth_bytes; /* most above that, at any sample */
    uint64_t end_growth_bytes;  /* above that, at the end of the trace */
    uint32_t n_samples;
    bool is_exact;   /* smaps_rollup was read */
    bool has_ledger; /* the contender keeps one */
    struct mempool_ledger ledger; /* of the whole process at the end, the replay's memory named */
};

/** resident_measure: run `contender` in a child process.
 *  Shape:   0 and *ret; -ENOTSUP: the contender has no verified loop; -EFAULT: a fault, *fault
 *           says which; -ECHILD: the child ended in another way, *ret_signal its signal or 0;
 *           or a negative errno.
 *  Threads: forks: call it while the process has one thread only, before any contender ran. */
int resident_measure(struct replay_engine *engine, const struct replay_contender *contender,
                     struct resident_use *ret, struct replay_fault *fault, int *ret_signal);

/** resident_now: resident bytes of this process at this moment; 0 where /proc tells nothing.
 *  Allocates nothing. */
uint64_t resident_now(bool *ret_is_exact);

#endif
