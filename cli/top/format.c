/* SPDX-License-Identifier: MIT */
/* Numbers as short text. */
#include "cli/top/format.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>

enum {
    COUNT_PLAIN = 100000, /* counts below it are told to the last digit */
};

static void say(char *text, const char *word) {
    snprintf(text, TOP_NUMBER_BYTES, "%s", word);
}

/* Three digits of a number below 1024, and what they count. */
static void say_scaled(char *text, const char *sign, double value, const char *unit) {
    int digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    snprintf(text, TOP_NUMBER_BYTES, "%s%.*f%s", sign, digits, value, unit);
}

/* Divide by `step` until the value has so few digits that rounding cannot add one. */
static size_t scale(double *value, double step, double limit, size_t n_units) {
    size_t unit = 0;
    while (*value >= limit && unit + 1 < n_units) {
        *value /= step;
        unit++;
    }
    return unit;
}

void top_format_count(char *text, double value) {
    static const char *const units[] = {"", "k", "M", "G", "T", "P", "E"};
    if (isnan(value)) {
        say(text, "-");
    } else if (value < COUNT_PLAIN - 0.5) {
        snprintf(text, TOP_NUMBER_BYTES, "%.0f", value);
    } else {
        size_t unit = scale(&value, 1000, 999.5, sizeof(units) / sizeof(units[0]));
        say_scaled(text, "", value, units[unit]);
    }
}

static void say_bytes(char *text, const char *sign, double bytes) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1023.5) {
        snprintf(text, TOP_NUMBER_BYTES, "%s%.0fB", sign, bytes);
        return;
    }
    size_t unit = scale(&bytes, 1024, 1023.5, sizeof(units) / sizeof(units[0]));
    say_scaled(text, sign, bytes, units[unit]);
}

void top_format_bytes(char *text, double bytes) {
    if (isnan(bytes)) {
        say(text, "-");
    } else {
        say_bytes(text, "", bytes);
    }
}

void top_format_growth(char *text, double bytes) {
    if (isnan(bytes)) {
        say(text, "-");
    } else if (bytes == 0) {
        say(text, "0");
    } else {
        say_bytes(text, bytes < 0 ? "-" : "+", fabs(bytes));
    }
}

void top_format_rate(char *text, double per_second) {
    if (isnan(per_second)) {
        say(text, "-");
    } else if (per_second > 0 && per_second < 0.05) {
        say(text, "<0.1");
    } else if (per_second > 0 && per_second < 9.95) {
        snprintf(text, TOP_NUMBER_BYTES, "%.1f", per_second);
    } else {
        top_format_count(text, per_second);
    }
}

void top_format_share(char *text, double part) {
    double percent = part * 100;
    if (isnan(percent)) {
        say(text, "-");
    } else {
        snprintf(text, TOP_NUMBER_BYTES, "%.*f%%", percent < 99.95 ? 1 : 0, percent);
    }
}

static void say_two(char *text, uint64_t large, const char *large_unit, uint64_t small,
                    const char *small_unit) {
    snprintf(text, TOP_NUMBER_BYTES, "%u%s%02u%s", (unsigned)large, large_unit, (unsigned)small,
             small_unit);
}

void top_format_seconds(char *text, double seconds) {
    enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR };
    if (isnan(seconds) || seconds < 0) {
        say(text, "-");
        return;
    }
    uint64_t whole = seconds > 1e9 ? (uint64_t)1e9 : (uint64_t)seconds;
    if (whole < MINUTE) {
        snprintf(text, TOP_NUMBER_BYTES, "%us", (unsigned)whole);
    } else if (whole < HOUR) {
        say_two(text, whole / MINUTE, "m", whole % MINUTE, "s");
    } else if (whole < DAY) {
        say_two(text, whole / HOUR, "h", whole % HOUR / MINUTE, "m");
    } else if (whole < 100 * (uint64_t)DAY) {
        say_two(text, whole / DAY, "d", whole % DAY / HOUR, "h");
    } else {
        snprintf(text, TOP_NUMBER_BYTES, "%ud", (unsigned)(whole / DAY));
    }
}
