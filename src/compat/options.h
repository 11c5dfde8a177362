/* SPDX-License-Identifier: MIT */
/* What a statedump is to hold: GlusterFS's options file. */
#ifndef MEMPOOL_COMPAT_OPTIONS_H
#define MEMPOOL_COMPAT_OPTIONS_H

#include <stdbool.h>

/* Read the process's options file below `folder`. *ret_memory: what is about memory is wanted,
 * which is all that this library has to say. Without a file: yes. What the file says is echoed to
 * the dump. 0, or write's -errno. */
int dump_options_read(const char *folder, int fd, bool *ret_memory);

#endif
