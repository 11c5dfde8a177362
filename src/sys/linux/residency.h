/* SPDX-License-Identifier: MIT */
/* Reading /proc/self/smaps, mapping by mapping. */
#ifndef MEMPOOL_SYS_LINUX_RESIDENCY_H
#define MEMPOOL_SYS_LINUX_RESIDENCY_H

#include "sys/sys.h"

/* What may be libc's malloc's, in bytes. */
struct residency_libc {
    uint64_t heap_bytes;    /* of the mapping [heap], resident or not */
    uint64_t arena_bytes;   /* resident of what looks like pieces of its arenas */
    uint64_t private_bytes; /* those among them: resident, private, and of nobody */
};

/* Add up what a file in the form of /proc/self/smaps has. Claims are sorted. */
void residency_read(int fd, struct sys_residency *ret, struct residency_libc *ret_libc);

#endif
