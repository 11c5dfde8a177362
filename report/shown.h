/* SPDX-License-Identifier: MIT */
/* Which bytes are characters that may be shown. */
#ifndef REPORT_SHOWN_H
#define REPORT_SHOWN_H

#include <stddef.h>

#define SHOWN_REPLACEMENT "\357\277\275" /* U+FFFD */

/** shown_character: how many bytes the character takes that text begins with; 0: it is none, or a
 *  control character. */
size_t shown_character(const char *text);

#endif
