/* SPDX-License-Identifier: MIT */
/* The help page. */
#include "cli/top/draw.h"

enum {
    LINES = 64,
    KEY_COLUMNS = 14,
};

static const char *const keys[][2] = {
    {"1 to 5, Tab", "pools, components, accounts, call sites, threads"},
    {"Up, Down", "move the cursor; Page Up, Page Down, Home, End as well"},
    {"Enter", "all about what the cursor is on; Esc goes back"},
    {"/", "show only names with a text; Esc shows all again"},
    {"< >", "sort by the column to the left, to the right"},
    {"r", "sort the other way round"},
    {"a", "size classes, destroyed pools and ended components, too"},
    {"p, Space", "pause: nothing is read until you press it again"},
    {"+ -", "longer and shorter intervals"},
    {"z", "let growth begin at zero now"},
    {"? h", "this page"},
    {"q", "quit"},
};

void top_draw_help(struct top_grid *grid, int y, int n_rows, const struct top_scene *scene) {
    struct top_grid text = {.is_ascii = grid->is_ascii};
    const struct top_view_kind *kind = &top_views_known[scene->state->view];
    int line = 0;
    if (top_grid_resize(&text, grid->width, LINES) != 0) {
        return;
    }
    top_put(&text, 0, line++, TOP_BOLD, grid->width, "Keys");
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        top_put(&text, 2, line, TOP_PLAIN, KEY_COLUMNS, keys[i][0]);
        top_put(&text, 2 + KEY_COLUMNS, line++, TOP_PLAIN, grid->width, keys[i][1]);
    }
    line++;
    top_putf(&text, 0, line++, TOP_BOLD, "Columns of %s, and the keys that sort by them",
             kind->title);
    for (size_t i = 0; i < kind->n_columns; i++) {
        const struct top_column_kind *column = &top_columns_known[kind->columns[i]];
        top_putf(&text, 2, line, TOP_PLAIN, "%c %s", column->letter ? column->letter : ' ',
                 column->title);
        top_put(&text, 2 + KEY_COLUMNS, line++, TOP_PLAIN, grid->width, column->help);
    }
    line++;
    top_put(&text, 0, line++, TOP_PLAIN, grid->width, "mempool(1) explains all of it.");
    top_scroll(grid, y, n_rows, &text, line, &scene->state->help_first);
    top_grid_free(&text);
}
