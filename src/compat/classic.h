/* SPDX-License-Identifier: MIT */
/* The public header, without its lists: base/list.h has functions of the same names. */
#ifndef MEMPOOL_COMPAT_CLASSIC_H
#define MEMPOOL_COMPAT_CLASSIC_H

#define MEMPOOL_GLUSTERFS_NO_LIST 1
struct list_head {
    struct list_head *next, *prev;
};

#include <mempool/glusterfs.h>

#endif
