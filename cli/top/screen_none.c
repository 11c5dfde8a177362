/* SPDX-License-Identifier: MIT */
/* In a build without ncurses there is no screen. */
#include <errno.h>

#include "cli/top/screen.h"

bool top_screen_is_supported(void) {
    return false;
}

int top_screen_run(struct top_session *session, const struct top_screen *screen) {
    (void)session;
    (void)screen;
    return -ENOTTY;
}
