/* SPDX-License-Identifier: MIT */
/* The terminal: frames to it, keys from it, until the person quits. */
#ifndef CLI_TOP_SCREEN_H
#define CLI_TOP_SCREEN_H

#include <stdbool.h>

#include "cli/top/session.h"

struct top_screen {
    bool is_ascii;
    bool has_no_colours;
    bool ends_with_process;
};

/** top_screen_is_supported: whether this build can; one without ncurses cannot. */
bool top_screen_is_supported(void);

/** top_screen_run: show the session, which has a snapshot, until q, SIGINT, SIGTERM or SIGHUP. The
 *  terminal is as before then.
 *  Shape: 0; -ENOTTY: the terminal cannot do it, or there is none; -ENOMEM. */
int top_screen_run(struct top_session *session, const struct top_screen *screen);

#endif
