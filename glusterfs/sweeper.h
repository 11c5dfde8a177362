/* SPDX-License-Identifier: MIT */
/* A thread that gives memory back where nothing goes on.
 *
 * Memory that is free goes back bit by bit while the program gets and puts (pool/reclaim.h). A
 * process that has come to rest after a peak keeps what it had. GlusterFS's own pools have a
 * thread, started by mem_pools_init and ended by mem_pools_fini, that frees what was not used for
 * half a minute; so there may be one here, at the same places: never before a daemon's fork.
 *
 * It looks every few seconds how many gets from pools there were. When there were few, it trims all
 * pools and the heap once, and again only when there was more to do since. */
#ifndef GLUSTERFS_SWEEPER_H
#define GLUSTERFS_SWEEPER_H

/* Counted, as in the original: the first starts the thread, the last ends it and waits until it has
 * ended; who comes meanwhile (glfs_new beside glfs_fini) waits, too. */
void sweeper_init(void);
void sweeper_fini(void);
/* In the child of a fork: the thread is not there. */
void sweeper_child(void);

#endif
