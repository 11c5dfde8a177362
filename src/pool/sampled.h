/* SPDX-License-Identifier: MIT */
/* Samples of gets: their call stacks read, entered, and taken out again by puts. */
#ifndef MEMPOOL_POOL_SAMPLED_H
#define MEMPOOL_POOL_SAMPLED_H

#include "base/attributes.h"
#include "pool/pool.h"
#include "sample/rate.h"
#include "sample/table.h"

#include <stdbool.h>

/* Read MEMPOOL_SAMPLE_BYTES, once per process. Signals are blocked, and space is there. */
void pool_sample_init(void);
/* Where sampling is on: let libc's unwinder load what it needs now, rather than at the first
 * sample, which may be in a signal handler. No lock is held. */
void pool_sample_prepare(void);

/* Is a get of this pool that no cache counted a sample? */
MEMPOOL_COLD bool pool_sample_draw(const struct mempool *pool);

/* A live object that is a sample, and that its getter has yet to get: read the stack, which the
 * public function was called from `site` on, and enter it. `owner`, `account`, `bytes` and `weight`
 * are set. No lock is held. Keeps errno. */
MEMPOOL_COLD void pool_sample(struct sample_subject *subject, uintptr_t site);
/* The same, of a pool's object. */
MEMPOOL_COLD void pool_sample_object(const struct mempool *pool, struct round round,
                                     uintptr_t site);

/* A sample is to be put: take it out. The door is open. */
MEMPOOL_COLD void pool_unsample(struct round round);
/* The same in a handler that interrupted a get or put; signals are blocked. False: not now. */
MEMPOOL_COLD bool pool_unsample_interrupting(struct round round);

#endif
