/* SPDX-License-Identifier: MIT */
/* Amounts as people read and write them: bytes, shares, times. */
#ifndef CLI_AMOUNT_H
#define CLI_AMOUNT_H

#include <stdbool.h>
#include <stdint.h>

/* Text that is its own room: for use within one expression. */
struct amount {
    char text[32];
};

/** amount_bytes: "512 B", "1.5 KiB", "20.3 MiB"; with is_exact the number alone. */
struct amount amount_bytes(uint64_t bytes, bool is_exact);

/** amount_growth: the same with a sign: "+1.5 KiB". */
struct amount amount_growth(int64_t bytes, bool is_exact);

/** amount_limit: the same where 0 means that there is none: "-". */
struct amount amount_limit(uint64_t bytes, bool is_exact);

/** amount_share: "12.3 %" of a whole; "-" where that is nothing. */
struct amount amount_share(uint64_t part, uint64_t whole);

/** amount_age: "7 s", "3 min", "2 h 5 min", "4 d 2 h"; "?" where it is negative: not known. */
struct amount amount_age(int64_t seconds);

/** amount_moment: seconds since 1970 as local time, "2026-11-26 07:00:10". */
struct amount amount_moment(int64_t seconds);

/** amount_parse_time: what `option` takes: a number and one of ms, s, m (min), h, d; a number alone
 *  is seconds. At least and at most so much.
 *  Shape:  CLI_OK, or with a complaint CLI_BAD_USAGE. */
int amount_parse_time(const char *verb, const char *option, const char *text, uint64_t min_ms,
                      uint64_t max_ms, uint64_t *ret_ms);

/** amount_parse_age: the same for ages of records, which are up to 2^20 seconds (12 days). */
int amount_parse_age(const char *verb, const char *option, const char *text,
                     unsigned *ret_seconds);

#endif
