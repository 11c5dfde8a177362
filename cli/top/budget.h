/* SPDX-License-Identifier: MIT */
/* How often what is dear may be read, so that it takes no more than its share of a processor. */
#ifndef CLI_TOP_BUDGET_H
#define CLI_TOP_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/* Zero-fill it, and set share. */
struct top_budget {
    double share;    /* of one processor, below 1 */
    int64_t next_ns; /* not before then */
};

/** top_budget_allows: whether it may be done now. */
bool top_budget_allows(const struct top_budget *budget, int64_t now_ns);

/** top_budget_spend: it was done now, and took so much of a processor. */
void top_budget_spend(struct top_budget *budget, int64_t now_ns, int64_t cost_ns);

#endif
