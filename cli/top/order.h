/* SPDX-License-Identifier: MIT */
/* The order of rows. */
#ifndef CLI_TOP_ORDER_H
#define CLI_TOP_ORDER_H

#include "cli/top/rows.h"

/** top_order: sort rows. What is not known comes last; equals stay as they were. 0 or -ENOMEM. */
int top_order(struct top_rows *rows, const struct top_choice *choice);

/** top_order_tree: sort components among those of one parent, and put each below its parent. Those
 *  that do not match the filter go, but for those above one that does.  0 or -ENOMEM. */
int top_order_tree(struct top_rows *rows, const struct top_model *model,
                   const struct top_choice *choice);

#endif
