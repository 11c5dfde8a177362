/* SPDX-License-Identifier: MIT */
/* The parts of a GlusterFS statedump as text: what writes one of its own process and what writes
 * one of a snapshot have the keys from here, so that both are the same to the byte.
 *
 * Keys and order are GlusterFS's (release 3.3, and cur-stdalloc of 3.6), so that its parsers
 * work; sizes have 64 bits. */
#ifndef MEMPOOL_EXPORT_STATEDUMP_TEXT_H
#define MEMPOOL_EXPORT_STATEDUMP_TEXT_H

#include "base/text.h"

#include <mempool/account.h>
#include <mempool/observe.h>

enum {
    STATEDUMP_PART_BYTES = 1024, /* room for any of these */
    STATEDUMP_TITLE_BYTES = 96,
};

#define STATEDUMP_POOLS "\n[mempool]\n"
#define STATEDUMP_LEDGER "\n[mempool.ledger]\n"

void statedump_add_entry(struct text *text, const char *key, uint64_t value);
/* One pool of [mempool], under that name. */
void statedump_add_pool(struct text *text, const struct mempool_stats *stats, const char *name);
/* "component.NAME", of a second of its name "component.NAME#2", into STATEDUMP_TITLE_BYTES. */
void statedump_title(char ret[STATEDUMP_TITLE_BYTES], const char *name, uint32_t generation);
/* [TITLE - Memory usage] */
void statedump_add_usage(struct text *text, const char *title, uint64_t n_types);
/* [TITLE - usage-type TYPE memusage] */
void statedump_add_type(struct text *text, const char *title,
                        const struct mempool_account *account);
/* What is below [mempool.ledger]. */
void statedump_add_ledger(struct text *text, const struct mempool_ledger *ledger);

#endif
