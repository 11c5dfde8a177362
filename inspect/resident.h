/* SPDX-License-Identifier: MIT */
/* What of another process is resident, and which parts of it have no name. */
#ifndef INSPECT_RESIDENT_H
#define INSPECT_RESIDENT_H

#include "inspect/images.h"
#include "inspect/process.h"
#include "sys/sys.h"

/** resident_read: as sys_residency (sys/sys.h) of the process itself; claims that the caller has set
 *  come first, sorted or not. `arenas` becomes what looks like libc's malloc's; it is in `anonymous`.
 *  Shape: 0 or a negative errno. */
int resident_read(struct process *process, const struct images *images, struct sys_residency *ret,
                  uint64_t *ret_arenas);

#endif
