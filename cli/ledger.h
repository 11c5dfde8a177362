/* SPDX-License-Identifier: MIT */
/* What slabs are used for, pool by pool: rows that add up to all slabs there are. */
#ifndef CLI_LEDGER_H
#define CLI_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include "view/snapshot.h"

/* slab_bytes = live + padding + cached + free */
struct ledger_row {
    const char *name;
    uint64_t slab_bytes;
    uint64_t live;    /* objects and blocks, as asked for */
    uint64_t padding; /* the rest of their slots */
    uint64_t cached;  /* free slots in threads' caches and the depot */
    uint64_t free;    /* what is left: slots at home, tails of slabs */
};

struct ledger_rows {
    struct ledger_row *rows; /* pools and zombies, most slab bytes first; then the accounted heap,
                              * all of its classes in one */
    size_t n;
    struct ledger_row total;
};

/** ledger_rows_make: 0 or -ENOMEM; to be given back by ledger_rows_release. */
int ledger_rows_make(const struct snapshot *snapshot, struct ledger_rows *ret);

/** ledger_rows_release: give the rows back. */
void ledger_rows_release(struct ledger_rows *rows);

#endif
