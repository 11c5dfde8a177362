/* SPDX-License-Identifier: MIT */
/* A frame: which parts a window has room for, and where. */
#include "cli/top/draw.h"

/* The tallest parts go first: below 16 rows the sparkline and the ledger, below 12 the tabs. */
struct top_lines top_lines_of(int height) {
    struct top_lines lines = {.status = height - 1};
    int y = 2;
    if (height >= 16) {
        lines.ledger = y++;
        lines.spark = y++;
    }
    if (height >= 12) {
        lines.tabs = y++;
    }
    lines.bar = y;
    lines.rows = lines.status - y - 1;
    return lines;
}

void top_scroll(struct top_grid *grid, int y, int n_rows, const struct top_grid *text, int n_lines,
                size_t *first) {
    size_t last = n_lines > n_rows ? (size_t)(n_lines - n_rows) : 0;
    *first = *first < last ? *first : last;
    int left = n_lines - (int)*first;
    top_copy(grid, y, text, (int)*first, left < n_rows ? left : n_rows);
}

static void draw_body(struct top_grid *grid, const struct top_lines *lines,
                      const struct top_scene *scene) {
    if (scene->state->is_help) {
        top_draw_help(grid, lines->bar, lines->rows + 1, scene);
    } else if (scene->state->detail.is_open) {
        top_draw_detail(grid, lines->bar, lines->rows + 1, scene);
    } else {
        top_draw_table(grid, lines->bar, lines->rows, scene, true);
    }
}

void top_draw(struct top_grid *grid, const struct top_scene *scene) {
    if (grid->width < TOP_WIDTH_MIN || grid->height < TOP_HEIGHT_MIN) {
        top_putf(grid, 0, 0, TOP_BAD, "too small");
        top_putf(grid, 0, 1, TOP_PLAIN, "needs %dx%d", TOP_WIDTH_MIN, TOP_HEIGHT_MIN);
        top_putf(grid, 0, 2, TOP_PLAIN, "q: quit");
        return;
    }
    struct top_lines lines = top_lines_of(grid->height);
    top_draw_title(grid, 0, scene);
    top_draw_totals(grid, 1, scene);
    if (lines.ledger) {
        top_draw_ledger(grid, lines.ledger, scene);
        top_draw_spark(grid, lines.spark, scene);
    }
    if (lines.tabs) {
        top_draw_tabs(grid, lines.tabs, scene);
    }
    draw_body(grid, &lines, scene);
    top_draw_status(grid, lines.status, scene);
}

void top_draw_plain(struct top_grid *grid, const struct top_scene *scene) {
    top_draw_title(grid, 0, scene);
    top_draw_totals(grid, 1, scene);
    top_draw_ledger(grid, 2, scene);
    top_draw_table(grid, TOP_PLAIN_LINES - 1, grid->height - TOP_PLAIN_LINES, scene, false);
}
