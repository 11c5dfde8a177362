/* SPDX-License-Identifier: MIT */
/* From "this put is not right" to the kind of misuse. Cold: may search everything. */
#ifndef MEMPOOL_MISUSE_CLASSIFY_H
#define MEMPOOL_MISUSE_CLASSIFY_H

#include "misuse/explain.h"

#include <mempool/misuse.h>

/* The kind of a put of `address`, which was refused; MEMPOOL_MISUSE_KINDS: the books say that it
 * is a live object's start after all (somebody got it meanwhile). *ret explains the address. */
enum mempool_misuse_kind classify_put(const void *address, struct explanation *ret);

#endif
