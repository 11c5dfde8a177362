/* SPDX-License-Identifier: MIT */
/* The thin layer over ncurses: a grid goes out, keys come in, and the terminal is put back. */
#ifndef CLI_TOP_TERMINAL_H
#define CLI_TOP_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/top/grid.h"

/** terminal_open: take the terminal over.  0 or -ENOTTY. */
int terminal_open(bool has_no_colours);

/** terminal_close: put it back as it was. */
void terminal_close(void);

/** terminal_size: of the window, in columns and rows. */
void terminal_size(int *width, int *height);

/** terminal_show: let the window be the grid. */
void terminal_show(const struct top_grid *grid);

/** terminal_wait: until a key, the window's size, a signal to end, or the time.  A key as in key.h;
 *  TOP_KEY_NONE: it is time. */
uint32_t terminal_wait(int64_t timeout_ns);

/** terminal_is_over: whether a signal to end came, or the terminal is gone. */
bool terminal_is_over(void);

#endif
