/* SPDX-License-Identifier: MIT */
/* Numbers as short text, for columns of fixed width. Not a number is "-": not known. */
#ifndef CLI_TOP_FORMAT_H
#define CLI_TOP_FORMAT_H

#include <stddef.h>

enum {
    TOP_NUMBER_BYTES = 16, /* room for any of them */
};

/** top_format_count: "99999", "123k", "1.23M": at most 5 columns. */
void top_format_count(char *text, double value);

/** top_format_bytes: "1023B", "1.23MiB": at most 7 columns. */
void top_format_bytes(char *text, double bytes);

/** top_format_growth: bytes with their sign, "0" without one: at most 8 columns. */
void top_format_growth(char *text, double bytes);

/** top_format_rate: a count a second, with one digit behind the point where that matters: at most
 *  5 columns. */
void top_format_rate(char *text, double per_second);

/** top_format_share: a part of 1 as "12.3%": at most 5 columns. */
void top_format_share(char *text, double part);

/** top_format_seconds: "59s", "9m05s", "3h07m", "12d03h", "123d": at most 6 columns. */
void top_format_seconds(char *text, double seconds);

#endif
