/* SPDX-License-Identifier: MIT */
/* The contenders that every build has. */
#ifndef REPLAY_CONTENDERS_H
#define REPLAY_CONTENDERS_H

#include "replay/engine.h"

/* Our pools and our accounted heap, of the library that the program is linked with. A site is a
 * component and a type; a worker enters the component where it differs from the one before. A
 * trace's `count` is not passed on: it is what the traced software had to guess in advance, and our
 * pools grow by themselves. */
extern const struct replay_contender contender_mempool;

/* Whatever malloc, calloc, realloc and free the process has. */
extern const struct replay_contender contender_malloc;

/* The classic pool (classic.h), with the trace's counts, and the classic accounting
 * (classic_heap.h). */
extern const struct replay_contender contender_classic;

/* Fixed memory for each object: what a round of it takes is what the harness itself costs. It has
 * no verified loop. */
extern const struct replay_contender contender_harness;

/** contender_by_name: one of the four, or NULL. */
const struct replay_contender *contender_by_name(const char *name);

/** contender_at: the four by number, ours first; NULL behind the last. */
const struct replay_contender *contender_at(size_t number);

#endif
