/* SPDX-License-Identifier: MIT */
/* What is shared: for who gives pages back. */
#ifndef MEMPOOL_SYS_LINUX_SHARE_H
#define MEMPOOL_SYS_LINUX_SHARE_H

#include <stdbool.h>

bool share_covers(const void *address);

#endif
