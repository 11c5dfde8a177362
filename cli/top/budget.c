/* SPDX-License-Identifier: MIT */
/* How often what is dear may be read. */
#include "cli/top/budget.h"

bool top_budget_allows(const struct top_budget *budget, int64_t now_ns) {
    return now_ns >= budget->next_ns;
}

/* The first time costs more, since files have to be read; that is no measure of the next. */
static const int64_t first_wait_max_ns = 5000000000;

void top_budget_spend(struct top_budget *budget, int64_t now_ns, int64_t cost_ns) {
    int64_t wait_ns = (int64_t)((double)cost_ns / budget->share);
    bool is_first = budget->next_ns == 0;
    budget->next_ns =
        now_ns + (is_first && wait_ns > first_wait_max_ns ? first_wait_max_ns : wait_ns);
}
