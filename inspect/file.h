/* SPDX-License-Identifier: MIT */
/* A snapshot that was saved as JSON. */
#ifndef INSPECT_FILE_H
#define INSPECT_FILE_H

#include "view/snapshot.h"

enum { SNAPSHOT_JSON_BYTES_MAX = 256 << 20 };

/** snapshot_read_json: read what export_json wrote.
 *  Shape: 0, and *ret to be given back by snapshot_free; or a negative errno, and *error filled,
 *  its text "FILE: what is wrong". -EBADMSG: it is no snapshot, or a damaged one: every key must be
 *  there once, with a value of its type and range, and an index must have its item. Keys that are
 *  not known, and names that only explain indices, are not looked at.
 *  Cost:  the whole file in memory, some ten times over. */
int snapshot_read_json(struct snapshot **ret, const char *path, struct snapshot_error *error);

#endif
