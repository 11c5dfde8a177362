/* SPDX-License-Identifier: MIT */
/* What formats tell that no field says by itself: made in one place, so that all say the same. */
#ifndef MEMPOOL_EXPORT_DERIVE_H
#define MEMPOOL_EXPORT_DERIVE_H

#include "view/snapshot.h"

/* Of a pool: objects handed out and not put, in slots, and heap allocations beside them. */
uint64_t derive_live_objects(const struct snapshot_pool *pool);
/* Their bytes, as asked for; of a class of the heap, of its slots: only accounts know what was
 * asked for. */
uint64_t derive_live_bytes(const struct snapshot_pool *pool);
/* Of its name "component:type": what is before the colon, `*n` bytes that no NUL ends. */
const char *derive_component(const struct snapshot *snapshot, const struct snapshot_pool *pool,
                             size_t *n);
/* And what is behind it; all of it where there is none. */
const char *derive_type(const struct snapshot *snapshot, const struct snapshot_pool *pool);
/* Which of the components of that name, from 1; 0: it is charged to none of them. */
uint32_t derive_generation(const struct snapshot *snapshot, const struct snapshot_pool *pool);

#endif
