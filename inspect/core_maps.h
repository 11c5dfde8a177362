/* SPDX-License-Identifier: MIT */
/* The files that a process had mapped, as its core file tells. */
#ifndef INSPECT_CORE_MAPS_H
#define INSPECT_CORE_MAPS_H

#include "inspect/mapped.h"

/** core_maps_add: take an NT_FILE note; one that is damaged is left out, from there on.
 *  0 or -ENOMEM. */
int core_maps_add(struct mapped_list *ret, const char *described, size_t n);

/** core_maps_add_rights: what a segment's flags say of the files mapped there. */
void core_maps_add_rights(struct mapped_list *list, uint64_t start, uint64_t bytes, unsigned flags);

#endif
