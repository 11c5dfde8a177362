/* SPDX-License-Identifier: MIT */
/* The single objects of a snapshot that was read from a file: whether they can be believed, and
 * which one an address is in.
 *
 * The same answers as view/describe.h gives of the process itself, as of the snapshot. */
#ifndef INSPECT_OBJECTS_H
#define INSPECT_OBJECTS_H

#include "view/describe.h"
#include "view/snapshot.h"

/* "slabs[3].records: is damaged" */
struct objects_fault {
    const char *list; /* NULL: the key is the snapshot's */
    size_t item;
    const char *key, *what;
};

/** objects_check: whether all that is said of objects is sound: slabs in order and in the arena,
 *  as many slots as they say, and sites, accounts and threads that there are.
 *  Shape: false, and *ret says what is wrong.
 *  Cost:  every record is read. */
bool objects_check(const struct snapshot *snapshot, struct objects_fault *ret);

/** objects_describe: explain any address. The snapshot has objects, which were checked.
 *  Shape: *ret_site is what is known of the call, which lives as long as the snapshot; NULL:
 *         nothing. */
void objects_describe(const struct snapshot *snapshot, uint64_t address,
                      struct view_description *ret, const struct snapshot_symbol **ret_site);

#endif
