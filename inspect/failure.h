/* SPDX-License-Identifier: MIT */
/* Why something could not be looked at. */
#ifndef INSPECT_FAILURE_H
#define INSPECT_FAILURE_H

#include "view/snapshot.h"

/** failure: fill *error with a code and one line of text; control characters become '?'.
 *  Shape: the code. */
int failure(struct snapshot_error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
