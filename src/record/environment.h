/* SPDX-License-Identifier: MIT */
/* Recording a process from its start. */
#ifndef MEMPOOL_RECORD_ENVIRONMENT_H
#define MEMPOOL_RECORD_ENVIRONMENT_H

#include <stdbool.h>

/* Is MEMPOOL_RECORD set? */
bool recording_is_asked_for(void);
/* Begin, where it says so; says on standard error why not. */
void recording_from_environment(void);

#endif
