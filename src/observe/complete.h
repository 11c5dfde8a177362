/* SPDX-License-Identifier: MIT */
/* What only the process itself can add to its snapshot with ease: what its code is called, and what
 * is resident. */
#ifndef MEMPOOL_OBSERVE_COMPLETE_H
#define MEMPOOL_OBSERVE_COMPLETE_H

#include "view/snapshot.h"

/* Images; of groups the full site, image, offset and symbol; symbols of the frames of stacks. Takes
 * the dynamic linker's lock. 0 or -ENOMEM. */
int complete_code(struct snapshot *snapshot);

/* The ledger. 0, or as mempool_ledger. */
int complete_ledger(struct snapshot *snapshot);

#endif
