/* SPDX-License-Identifier: MIT */
/* Drawing a frame into a grid. */
#ifndef CLI_TOP_DRAW_H
#define CLI_TOP_DRAW_H

#include "cli/top/grid.h"
#include "cli/top/state.h"

enum {
    TOP_WIDTH_MIN = 40,
    TOP_HEIGHT_MIN = 8,
};

/* All that a frame shows. */
struct top_scene {
    const struct top_model *model;
    struct top_state *state;     /* how far text is scrolled is set right */
    const struct top_rows *rows; /* of the state's view */
    const char *name;            /* of what is looked at */
    bool is_ended;               /* the process has: what is shown is the last of it */
    const char *message;         /* what went wrong; "": nothing */
    int64_t now_ns;              /* by the clock of the model's snapshots */
};

/* Which lines a window of this height has. */
struct top_lines {
    int ledger, spark, tabs; /* their rows; 0: not there */
    int bar;                 /* titles of columns */
    int rows;                /* how many of the table's */
    int status;              /* 0: none */
};

/** top_lines_of: for a window that is as high. */
struct top_lines top_lines_of(int height);

/** top_draw: everything, as a window has it. The grid must be blank. */
void top_draw(struct top_grid *grid, const struct top_scene *scene);

/** top_draw_plain: header and table as text for files: all rows that fit, no cursor. */
void top_draw_plain(struct top_grid *grid, const struct top_scene *scene);

enum {
    TOP_PLAIN_LINES = 4, /* of top_draw_plain above the first row */
};

/* The parts, each in a file of its own. */

/** top_draw_title: what is looked at, and since when: one line. */
void top_draw_title(struct top_grid *grid, int y, const struct top_scene *scene);
/** top_draw_totals: of the process: one line. */
void top_draw_totals(struct top_grid *grid, int y, const struct top_scene *scene);
/** top_draw_ledger: what resident memory consists of: one line. */
void top_draw_ledger(struct top_grid *grid, int y, const struct top_scene *scene);
/** top_draw_spark: live bytes of the last minutes: one line. */
void top_draw_spark(struct top_grid *grid, int y, const struct top_scene *scene);
/** top_draw_tabs: the views, and the filter: one line. */
void top_draw_tabs(struct top_grid *grid, int y, const struct top_scene *scene);
/** top_draw_status: the last line: what is wrong, or what keys do. */
void top_draw_status(struct top_grid *grid, int y, const struct top_scene *scene);

/** top_draw_table: titles of columns at y, and rows below, from the state's first on. */
void top_draw_table(struct top_grid *grid, int y, int n_rows, const struct top_scene *scene,
                    bool has_cursor);

/** top_draw_detail: all about one thing, from y on, so many lines. */
void top_draw_detail(struct top_grid *grid, int y, int n_rows, const struct top_scene *scene);

/** top_draw_help: what keys do, likewise. */
void top_draw_help(struct top_grid *grid, int y, int n_rows, const struct top_scene *scene);

/** top_scroll: copy a text's lines from *first on, which is set right where it is too far. */
void top_scroll(struct top_grid *grid, int y, int n_rows, const struct top_grid *text, int n_lines,
                size_t *first);

#endif
