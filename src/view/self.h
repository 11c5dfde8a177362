/* SPDX-License-Identifier: MIT */
/* The process's own memory as a source. */
#ifndef MEMPOOL_VIEW_SELF_H
#define MEMPOOL_VIEW_SELF_H

#include "view/source.h"

#include <stdbool.h>

/* Reads what the publication says is the library's, and nothing else. False: nothing is published
 * yet (there was no pool). */
bool view_source_self(struct view_source *ret);

#endif
