/* SPDX-License-Identifier: MIT */
/* What the process has one of: initialisation, and what fork must know. */
#ifndef MEMPOOL_POOL_RUNTIME_H
#define MEMPOOL_POOL_RUNTIME_H

/* Before the first pool, under registry_lock: 0 or -errno; may be tried again after failing. */
int runtime_init(void);
/* The same, by who does not hold registry_lock. */
int runtime_start(void);

/* By the layer above (publish/publish.c), which knows all structs: write down for other processes
 * what is where. Under registry_lock; again in the child of a fork. */
void runtime_publish(void);

/* By the layer above (account/books.c): take, and drop, the locks that come before all of ours in
 * a fork. Signals are blocked. */
void runtime_fork_begin(void);
void runtime_fork_end(void);

/* What a layer above wants done once there is a first pool or account; NULL: nothing. */
extern void (*_Atomic runtime_first)(void);
/* Call it, the first time that there is one, with nothing held. */
void runtime_call_first(void);

/* Every depot's lock, under registry_lock and threads_lock. */
void runtime_lock_depots(void);
void runtime_drop_depots(void);

#endif
