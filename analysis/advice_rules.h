/* SPDX-License-Identifier: MIT */
/* What advice from a trace and from counters share; see analysis/advice.h. */
#ifndef ANALYSIS_ADVICE_RULES_H
#define ANALYSIS_ADVICE_RULES_H

#include <stddef.h>

#include "analysis/advice.h"

/* Room for so many pools, none of which are counted yet. NULL with errno ENOMEM. */
struct advice *advice_new(size_t n_pools);

/* Slot and slab, from object_bytes. */
void advice_shape(struct advice_pool *pool, size_t align);
/* One sentence more, as long as there is room. */
void advice_reason(struct advice_pool *pool, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Count, saving and, where it is still ADVICE_KEEP, the verdict. */
void advice_count(struct advice_pool *pool, uint64_t count);
/* The limit, from the peak and what caches may hold beside it. */
void advice_limit(struct advice_pool *pool, uint64_t beside);
/* What padding costs, and a reason where that is worth a word. */
void advice_padding(struct advice_pool *pool);
/* Totals and order, when all pools are there. */
void advice_sum(struct advice *advice);

#endif
