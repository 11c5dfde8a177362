/* SPDX-License-Identifier: MIT */
/* Which bytes are UTF-8. */
#ifndef MEMPOOL_BASE_UTF8_H
#define MEMPOOL_BASE_UTF8_H

#include <stddef.h>

/* What stands for a byte that is no part of UTF-8: U+FFFD. */
#define UTF8_REPLACEMENT "\xef\xbf\xbd"

/* How many bytes the character has that a text, ended by NUL, begins with: 1 to 4; 0: the first
 * byte begins none (overlong forms, surrogates and what is cut off are none). */
size_t utf8_character(const char *text);

#endif
