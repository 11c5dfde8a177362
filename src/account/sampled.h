/* SPDX-License-Identifier: MIT */
/* Samples of the accounted heap's allocations.
 *
 * THEORY
 *
 * Hits of the heap count down in their tally, one for each allocation whatever its size. So what
 * is drawn there (sample/rate.h) are *candidates*, as if all blocks had one size, the tally's
 * candidate bytes; and of candidates only as many are kept as their sizes ask for:
 *
 *      q = p(candidate bytes)     probability to be a candidate
 *      min(1, p(n) / q)           of a candidate of n bytes to be a sample
 *      min(q, p(n))               so in all: its weight is 1 by this
 *
 * Blocks up to the candidate bytes are samples by their bytes, exactly; larger ones as if they were
 * of the candidate bytes, each standing for more. The fewest candidate bytes, a 128th of the mean,
 * make a candidate every 128 allocations, where ticks are nearly as often. They follow the sizes
 * that come: a candidate that is larger doubles them, and of those that are not one in 16 halves
 * them, so that about 15 of 16 blocks are no larger.
 *
 * What no tally counts (blocks above 64 KiB, blocks that realloc moved) is drawn one by one. */
#ifndef MEMPOOL_ACCOUNT_SAMPLED_H
#define MEMPOOL_ACCOUNT_SAMPLED_H

#include "account/tally.h"
#include "base/attributes.h"

/* Sampling is on, and the ticks ran out at an allocation of so many bytes (or, `blocks` 0, a
 * block's growth): note whether it is a sample, in the thread. How many allocations to the next
 * time, this one among them. */
MEMPOOL_COLD uint32_t account_sample_stop(struct tally *tally, size_t bytes, int blocks,
                                          uint32_t interval);

/* Behind a slow allocation of so many bytes, while sampling is on: enter it, where it is a sample.
 * NULL: it failed. Keeps errno. */
MEMPOOL_COLD void account_sample(void *block, size_t bytes, uintptr_t site);
/* The same of a block that realloc made. */
MEMPOOL_COLD void account_sample_moved(void *block, size_t bytes, uintptr_t site);

/* A block has another size where it is. */
void account_sample_resized(void *block, const record *slot_record, size_t bytes);

#endif
