/* SPDX-License-Identifier: MIT */
/* Memory for bookkeeping: records, magazines, cache tables, thread structs.
 *
 * THEORY
 *
 * Blocks have power-of-two sizes from 64 bytes to 8 MiB. Each size has a list of free blocks,
 * linked through their first word (no caller of the library can reach it: guards fence the area).
 * Blocks below a page are cut from one page of equal blocks; a page whose blocks are all free goes
 * back when memory is trimmed (blocks_trim), and may be cut anew for another size. Blocks of a page
 * and more are purged when they come back, so that a pool that shrank keeps no record pages
 * resident.
 *
 * Records are in an area of their own, in blocks of the same sizes. Those of large pools come from
 * huge pages, like their objects (vm/arena.h, SPANS): such blocks are cut from pieces of 2 MiB that
 * hold blocks of one size only.
 *
 * block_take and block_give take space.lock themselves. */
#ifndef MEMPOOL_VM_BLOCKS_H
#define MEMPOOL_VM_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>

#define BLOCK_BYTES_MIN ((size_t)64)
#define BLOCK_BYTES_MAX ((size_t)8 << 20)

/* What block_take really gives for `bytes`. */
size_t block_bytes(size_t bytes);
/* `bytes` of zeroed memory, aligned to 64 bytes (to a page from a page up); NULL: none. */
void *block_take(size_t bytes);
void block_give(void *block, size_t bytes); /* bytes as asked for */

/* Give pages of small blocks back that are free as a whole; how many bytes. Signals are blocked. */
size_t blocks_trim(void);

/* For callers that hold space.lock. */
void *block_take_locked(size_t bytes);

/* For records, from an area of their own. Whoever walks a pool without a lock may look at a block
 * after it was given back: so it is used again as records only, and all that is written to it is
 * written atomically. `huge`: from huge pages, where that is to be had. */
void *block_take_records_locked(size_t bytes, bool huge);
void block_give_records_locked(void *block, size_t bytes);
void block_give_locked(void *block, size_t bytes);

#endif
