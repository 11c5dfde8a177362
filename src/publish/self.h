/* SPDX-License-Identifier: MIT */
/* The process's own memory as a source (view/source.h). */
#ifndef MEMPOOL_PUBLISH_SELF_H
#define MEMPOOL_PUBLISH_SELF_H

#include "view/source.h"

#include <stdbool.h>

/* Reads the library's bookkeeping, and nothing else: whatever an address is, no fault. False: there
 * was no pool yet, or no memory for the publication. Takes no lock: safe in signal handlers. */
bool view_source_self(struct view_source *ret);

#endif
