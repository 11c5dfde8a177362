/* SPDX-License-Identifier: MIT */
/* A sparkline: numbers as a row of blocks, the highest a whole one. */
#ifndef CLI_TOP_SPARK_H
#define CLI_TOP_SPARK_H

#include "cli/top/grid.h"

enum {
    TOP_SPARK_COLUMNS_MAX = 128,
};

/** top_spark: draw n values, not-a-numbers as blanks. The lowest block is the least of them, and
 *  the highest the greatest; where all are equal they are drawn half high, zeros low. */
void top_spark(struct top_grid *grid, int x, int y, const float *values, int n);

/** top_bar: a bar of `part` (0 to 1) of so many columns. */
void top_bar(struct top_grid *grid, int x, int y, int columns, double part);

#endif
