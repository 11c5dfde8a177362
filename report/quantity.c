/* SPDX-License-Identifier: MIT */
/* Numbers as people read them. */
#include "report/quantity.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct unit {
    const char *name;
    double size;
};

/* The largest unit that makes at least one; three digits or so. */
static struct quantity in_units(double value, const struct unit *units, size_t n) {
    struct quantity quantity;
    double size = value < 0 ? -value : value;
    size_t at = 0;
    while (at + 1 < n && size >= units[at + 1].size) {
        at++;
    }
    double scaled = value / units[at].size;
    char number[QUANTITY_BYTES - 8];
    int digits = units[at].size <= 1 || scaled >= 99.95 || scaled <= -99.95 ? 0 : 1;
    size_t length = (size_t)snprintf(number, sizeof(number), "%.*f", digits, scaled);
    if (digits == 1 && length >= 2 && strcmp(number + length - 2, ".0") == 0) {
        number[length - 2] = '\0';
    }
    snprintf(quantity.text, sizeof(quantity.text), "%s %s", number, units[at].name);
    return quantity;
}

struct quantity quantity_bytes(double bytes) {
    static const struct unit units[] = {
        {"B", 1},
        {"KiB", 1024},
        {"MiB", 1024.0 * 1024},
        {"GiB", 1024.0 * 1024 * 1024},
        {"TiB", 1024.0 * 1024 * 1024 * 1024},
    };
    return in_units(bytes, units, sizeof(units) / sizeof(units[0]));
}

struct quantity quantity_duration(double ns) {
    static const struct unit units[] = {
        {"ns", 1},     {"\302\265s", 1e3}, {"ms", 1e6},        {"s", 1e9},
        {"min", 60e9}, {"h", 3600e9},      {"d", 24 * 3600e9},
    };
    return in_units(ns, units, sizeof(units) / sizeof(units[0]));
}

struct quantity quantity_count(int64_t count) {
    struct quantity quantity;
    char digits[24];
    snprintf(digits, sizeof(digits), "%" PRId64, count);
    size_t n = strlen(digits), sign = digits[0] == '-', used = 0;
    for (size_t i = 0; i < n; i++) {
        if (i > sign && (n - i) % 3 == 0) {
            quantity.text[used++] = ',';
        }
        quantity.text[used++] = digits[i];
    }
    quantity.text[used] = '\0';
    return quantity;
}

struct quantity quantity_share(unsigned thousandths) {
    struct quantity quantity;
    snprintf(quantity.text, sizeof(quantity.text), "%u.%u %%", thousandths / 10, thousandths % 10);
    return quantity;
}
