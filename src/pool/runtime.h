/* SPDX-License-Identifier: MIT */
/* What the process has one of: initialisation, and what fork must know. */
#ifndef MEMPOOL_POOL_RUNTIME_H
#define MEMPOOL_POOL_RUNTIME_H

/* Before the first pool, under registry_lock: 0 or -errno; may be tried again after failing. */
int runtime_init(void);
/* The same, by who does not hold registry_lock. */
int runtime_start(void);

#endif
