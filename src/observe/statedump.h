/* SPDX-License-Identifier: MIT */
/* Parts of a GlusterFS statedump, for whoever composes one. All return 0, or write's -errno. */
#ifndef MEMPOOL_OBSERVE_STATEDUMP_H
#define MEMPOOL_OBSERVE_STATEDUMP_H

#include <mempool/account.h>

/* [mallinfo]. */
int statedump_mallinfo(int fd);
/* What a component has in use, by type; nothing where it never had a block. Its sections are named
 * after `title`. */
int statedump_memusage(int fd, const struct mempool_component *component, const char *title);
/* One pool of [mempool], under that name. */
int statedump_pool(int fd, const struct mempool_stats *stats, const char *name);

#endif
