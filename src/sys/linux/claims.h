/* SPDX-License-Identifier: MIT */
/* Where memory lies that /proc/self/smaps shows without a name. */
#ifndef MEMPOOL_SYS_LINUX_CLAIMS_H
#define MEMPOOL_SYS_LINUX_CLAIMS_H

#include "sys/sys.h"

/* Add the stacks of all threads but the first, and what images have beyond their files; then sort
 * by address, without overlaps. */
void claims_complete(struct sys_residency *residency);

#endif
