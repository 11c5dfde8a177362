/* SPDX-License-Identifier: MIT */
/* What the making of a ledger needs, and knows beside its sums. */
#ifndef MEMPOOL_OBSERVE_LEDGER_H
#define MEMPOOL_OBSERVE_LEDGER_H

#include "observe/mapping.h"
#include "sys/sys.h"

#include <mempool/observe.h>

enum { LEDGER_CLAIMS_MAX = 1400 }; /* named mappings, threads and images; more stay unexplained */

struct ledger_room {
    struct mappings named; /* as they are in the ledger */
    struct sys_claim claims[LEDGER_CLAIMS_MAX];
};

/* From the library's own memory; NULL: none. */
struct ledger_room *ledger_room_take(void);
void ledger_room_give(struct ledger_room *room); /* NULL is ignored */

/* mempool_ledger. */
int ledger_take(struct mempool_ledger *ret, struct ledger_room *room);

#endif
