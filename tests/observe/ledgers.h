/* SPDX-License-Identifier: MIT */
/* Taking ledgers, which must add up, and looking at them. */
#ifndef TESTS_OBSERVE_LEDGERS_H
#define TESTS_OBSERVE_LEDGERS_H

#include "check.h"

#include <mempool/observe.h>

#include <stdio.h>

enum { PAGE_BYTES = 4096, MIB = 1 << 20 };

/* It adds up, to the byte. */
static inline void check_sum(const struct mempool_ledger *ledger) {
    CHECK_EQUAL(ledger->struct_size, sizeof *ledger);
    uint64_t all = ledger->live + ledger->padding + ledger->cached + ledger->free +
                   ledger->records + ledger->libc_heap + ledger->files + ledger->stack +
                   ledger->named + ledger->unexplained;
    CHECK_EQUAL(ledger->resident + ledger->untouched, all);
}

static inline struct mempool_ledger ledger_now(void) {
    struct mempool_ledger ledger = {.struct_size = sizeof ledger};
    CHECK_EQUAL(mempool_ledger(&ledger), 0);
    check_sum(&ledger);
    return ledger;
}

static inline void show(const char *what, const struct mempool_ledger *ledger) {
    printf("%s: resident %llu live %llu padding %llu cached %llu free %llu untouched %llu\n"
           "    records %llu libc %llu files %llu stack %llu named %llu\n"
           "    unexplained %llu, which is %.3f %%\n",
           what, (unsigned long long)ledger->resident, (unsigned long long)ledger->live,
           (unsigned long long)ledger->padding, (unsigned long long)ledger->cached,
           (unsigned long long)ledger->free, (unsigned long long)ledger->untouched,
           (unsigned long long)ledger->records, (unsigned long long)ledger->libc_heap,
           (unsigned long long)ledger->files, (unsigned long long)ledger->stack,
           (unsigned long long)ledger->named, (unsigned long long)ledger->unexplained,
           100.0 * (double)ledger->unexplained / (double)ledger->resident);
}

/* As much, but for what a slab's or a page's ends make. */
static inline void check_near(uint64_t value, uint64_t wanted, uint64_t slack) {
    if (value + slack < wanted || value > wanted + slack) {
        printf("%llu is not %llu +- %llu\n", (unsigned long long)value,
               (unsigned long long)wanted, (unsigned long long)slack);
    }
    CHECK(value + slack >= wanted && value <= wanted + slack);
}

#endif
