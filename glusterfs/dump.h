/* SPDX-License-Identifier: MIT */
/* Dumps: GlusterFS's own kept right, and ours beside it.
 *
 * THEORY
 *
 * GlusterFS writes its statedump on SIGUSR1, in a thread that waits for signals, not in a handler;
 * so whatever we do here may lock and allocate. Before it reads, its counters are brought up to
 * date from ours. When it has finished, two files of ours are written, each under another name
 * first and then renamed, so that none is ever half there:
 *
 *      mempool.PID.dump       the statedump with the ledger, and what is live by call site
 *      mempool.PID.snapshot   the same for `mempool leaks` and `mempool diff`
 *
 * in MEMPOOL_GLUSTERFS_DIR, else /var/run/gluster, where GlusterFS's are. */
#ifndef GLUSTERFS_DUMP_H
#define GLUSTERFS_DUMP_H

#include <stdbool.h>

enum { DUMP_PATH_BYTES = 512 };

/* A file of this process: "DIRECTORY/mempool.PID.KIND"; false: too long. */
bool dump_path(char ret_path[DUMP_PATH_BYTES], const char *kind);

#endif
