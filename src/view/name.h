/* SPDX-License-Identifier: MIT */
/* How components and accounts are called where a text is all that tells them apart. */
#ifndef MEMPOOL_VIEW_NAME_H
#define MEMPOOL_VIEW_NAME_H

#include "view/snapshot.h"

/* "component#2 (ended)": generation and end where there is something to say. By its index, which
 * may be out of range: "?". In the given memory; NULL: none. */
const char *name_of_component(const struct snapshot *snapshot, int32_t component,
                              struct view_memory *memory);
/* "component#2 (ended):type", as reports of the process itself have it. */
const char *name_of_account(const struct snapshot *snapshot, const struct snapshot_account *account,
                            struct view_memory *memory);

#endif
