/* SPDX-License-Identifier: MIT */
/* Numbers as people read them. */
#ifndef REPORT_QUANTITY_H
#define REPORT_QUANTITY_H

#include <stdint.h>

enum {
    QUANTITY_BYTES = 32, /* room for any of these texts */
};

struct quantity {
    char text[QUANTITY_BYTES];
};

/** quantity_bytes: "0 B", "999 B", "1.5 KiB", "12 MiB"; below 0 with a minus. */
struct quantity quantity_bytes(double bytes);

/** quantity_count: "1,234,567". */
struct quantity quantity_count(int64_t count);

/** quantity_duration: "120 ns", "1.5 µs", "33 ms", "2.4 s", "12 min", "3.5 h", "2.1 d". */
struct quantity quantity_duration(double ns);

/** quantity_share: "12.3 %" of thousandths. */
struct quantity quantity_share(unsigned thousandths);

#endif
