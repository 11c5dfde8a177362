/* SPDX-License-Identifier: MIT */
/* GlusterFS's pools, each with one of ours behind it.
 *
 * THEORY
 *
 * GlusterFS's pool is a struct of 72 bytes that others read: its list in the context, its size,
 * names, and how many objects are out. The library's own function makes it, and ends it, and links
 * it under ctx->lock; here one of its fields, `shared`, is led to a struct of ours, which begins as
 * the one that it led to (statedump reads the power of two there):
 *
 *      struct glusterfs_pool            struct replaced, of ours
 *      ... active ...  shared ------->  power_of_two | owner | pool ---> struct mempool
 *            ^                                           |
 *            '-------------------------------------------'
 *
 * Places of `struct replaced` are never freed. So a get from a pool that is gone, whose struct may
 * be anything by now, is told: what it leads to is none of these places, or has another owner.
 *
 * `active` is brought up to date when GlusterFS is about to read it (pools_sync).
 *
 * A put of memory that no pool gave is no misuse here: GlusterFS puts frame->local, whatever it
 * is. It is counted, and nothing is done, as in the original. */
#ifndef GLUSTERFS_POOLS_H
#define GLUSTERFS_POOLS_H

#include <stdint.h>

/* Write how many objects are out into GlusterFS's pools. */
void pools_sync(void);

/* Puts of memory that no pool gave. */
uint64_t pools_foreign_puts(void);

#endif
