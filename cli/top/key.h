/* SPDX-License-Identifier: MIT */
/* Keys: characters as Unicode has them, and above those the ones without a character. */
#ifndef CLI_TOP_KEY_H
#define CLI_TOP_KEY_H

enum {
    TOP_KEY_ENTER = '\n',
    TOP_KEY_ESCAPE = 0x1b,
    TOP_KEY_TAB = '\t',
    TOP_KEY_NONE = 0x110000,
    TOP_KEY_UP,
    TOP_KEY_DOWN,
    TOP_KEY_LEFT,
    TOP_KEY_RIGHT,
    TOP_KEY_PAGE_UP,
    TOP_KEY_PAGE_DOWN,
    TOP_KEY_HOME,
    TOP_KEY_END,
    TOP_KEY_BACKSPACE,
    TOP_KEY_TAB_BACK,
    TOP_KEY_RESIZE, /* the window has another size */
};

#endif
