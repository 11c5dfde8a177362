/* SPDX-License-Identifier: MIT */
/* A grid of characters: what a frame is drawn into, whether a terminal shows it or a file gets it.
 *
 * A character two columns wide takes its cell and leaves 0 in the next. What a terminal would not
 * show as one or two columns never gets in. Drawing outside is cut off. */
#ifndef CLI_TOP_GRID_H
#define CLI_TOP_GRID_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum top_style {
    TOP_PLAIN = 0,
    TOP_BOLD,     /* what matters most */
    TOP_FAINT,    /* what matters least */
    TOP_BAR,      /* titles of columns */
    TOP_BAR_MARK, /* the one that is sorted by */
    TOP_CHOSEN,   /* the row that the cursor is on */
    TOP_MORE,     /* what grew */
    TOP_LESS,     /* what shrank */
    TOP_BAD,      /* misuse, errors */
    TOP_DRAWING,  /* sparklines and bars */
    TOP_STYLES,
};

struct top_cell {
    uint32_t glyph;
    uint8_t style;
};

struct top_grid {
    int width, height;
    bool is_ascii;          /* other characters become '?' */
    struct top_cell *cells; /* row by row */
};

/** top_grid_resize: make it so large, and blank.  0 or -ENOMEM, with the grid as it was. */
int top_grid_resize(struct top_grid *grid, int width, int height);

/** top_grid_free: give its cells back. */
void top_grid_free(struct top_grid *grid);

/** top_put: write UTF-8 from a place, at most `columns` wide; what does not fit is cut off.  The
 *  column behind it. */
int top_put(struct top_grid *grid, int x, int y, enum top_style style, int columns,
            const char *text);

/** top_put_right: likewise, so that the text ends at the last of the columns. */
void top_put_right(struct top_grid *grid, int x, int y, enum top_style style, int columns,
                   const char *text);

/** top_putf: formatted text, up to the grid's edge.  The column behind it. */
int top_putf(struct top_grid *grid, int x, int y, enum top_style style, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/** top_put_glyph: one character, one column wide. */
void top_put_glyph(struct top_grid *grid, int x, int y, enum top_style style, uint32_t glyph);

/** top_fill: give a stretch of one row a style; what is written there stays. */
void top_fill(struct top_grid *grid, int x, int y, int columns, enum top_style style);

/** top_columns: how many columns a text takes. */
int top_columns(const char *text);

/** top_copy: copy rows of one grid to another, from its column 0. */
void top_copy(struct top_grid *to, int to_y, const struct top_grid *from, int from_y, int rows);

/** top_encode: UTF-8 of one character; how many bytes, at most 4. */
unsigned top_encode(uint32_t glyph, char bytes[4]);

/** top_grid_print: rows as lines of text, without blanks at their ends. */
void top_grid_print(const struct top_grid *grid, int rows, FILE *stream);

#endif
