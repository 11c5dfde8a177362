/* SPDX-License-Identifier: MIT */
/* The ledger of another process: what its resident memory consists of. */
#ifndef INSPECT_LEDGER_H
#define INSPECT_LEDGER_H

#include "inspect/images.h"
#include "inspect/process.h"
#include "view/snapshot.h"

/** ledger_complete: add to the ledger of a snapshot, which has what books tell, what the system
 *  tells. The parts mean what those of mempool_ledger(3) mean, and sum to what is resident.
 *  Differences to that one: blocks of libc's malloc that have a mapping of their own count as
 *  `unexplained`, for only libc itself can tell them.
 *  Shape: 0; or a negative errno, the ledger as it was.
 *  Cost:  the system's walk through the page tables: milliseconds and more. */
int ledger_complete(struct process *process, struct images *images, struct snapshot *snapshot);

#endif
