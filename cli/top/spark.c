/* SPDX-License-Identifier: MIT */
/* A sparkline. */
#include "cli/top/spark.h"

#include <math.h>

enum {
    LEVELS = 8,
    BLOCK_LOWEST = 0x2581, /* one eighth; the others follow */
    BLOCK_FULL = 0x2588,
    BLOCK_LEFT_EIGHTH = 0x258f, /* wider ones come before it */
};

static const char ascii_levels[LEVELS + 1] = "_.-:=+*#";

static uint32_t glyph_of(const struct top_grid *grid, int level) {
    return grid->is_ascii ? (uint32_t)ascii_levels[level] : (uint32_t)(BLOCK_LOWEST + level);
}

static int level_of(float value, float least, float greatest) {
    if (greatest <= least) {
        return value > 0 ? LEVELS / 2 - 1 : 0;
    }
    int level = (int)((value - least) / (greatest - least) * (LEVELS - 1) + 0.5F);
    return level < 0 ? 0 : level >= LEVELS ? LEVELS - 1 : level;
}

void top_spark(struct top_grid *grid, int x, int y, const float *values, int n) {
    float least = INFINITY, greatest = -INFINITY;
    for (int i = 0; i < n; i++) {
        if (!isnan(values[i])) {
            least = values[i] < least ? values[i] : least;
            greatest = values[i] > greatest ? values[i] : greatest;
        }
    }
    for (int i = 0; i < n; i++) {
        if (!isnan(values[i])) {
            int level = level_of(values[i], least, greatest);
            top_put_glyph(grid, x + i, y, TOP_DRAWING, glyph_of(grid, level));
        }
    }
}

void top_bar(struct top_grid *grid, int x, int y, int columns, double part) {
    part = part > 1 ? 1 : part;
    int steps = part > 0 ? (int)(part * columns * LEVELS + 0.5) : 0;
    steps = steps == 0 && part > 0 ? 1 : steps;
    for (int i = 0; i < columns && steps > 0; i++, steps -= LEVELS) {
        uint32_t glyph = steps >= LEVELS ? BLOCK_FULL : (uint32_t)(BLOCK_LEFT_EIGHTH - steps + 1);
        top_put_glyph(grid, x + i, y, TOP_DRAWING, grid->is_ascii ? '#' : glyph);
    }
}
