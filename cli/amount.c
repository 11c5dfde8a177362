/* SPDX-License-Identifier: MIT */
/* Amounts as people read and write them: bytes, shares, times. */
#include "cli/amount.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/message.h"
#include "cli/option.h"
#include "cli/verb.h"

enum {
    MINUTE = 60,
    HOUR = 60 * MINUTE,
    DAY = 24 * HOUR,
    AGE_MAX = 1 << 20, /* seconds: the age that a record can have at most */
};

static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

static void write_bytes(struct amount *amount, const char *sign, uint64_t bytes, bool is_exact) {
    size_t unit = 0;
    uint64_t whole = bytes, tenths = 0;
    if (is_exact) {
        snprintf(amount->text, sizeof(amount->text), "%s%" PRIu64, sign, bytes);
        return;
    }
    /* From a unit to the next where one decimal would not fit below 1024. */
    while (whole >= 1024 || (whole == 1023 && tenths >= 10)) {
        uint64_t rest = whole % 1024;
        whole /= 1024;
        tenths = (rest * 10 + 512) / 1024;
        unit++;
    }
    if (tenths == 10) {
        whole++;
        tenths = 0;
    }
    if (unit == 0) {
        snprintf(amount->text, sizeof(amount->text), "%s%" PRIu64 " B", sign, whole);
    } else {
        snprintf(amount->text, sizeof(amount->text), "%s%" PRIu64 ".%" PRIu64 " %s", sign, whole,
                 tenths, units[unit]);
    }
}

struct amount amount_bytes(uint64_t bytes, bool is_exact) {
    struct amount amount;
    write_bytes(&amount, "", bytes, is_exact);
    return amount;
}

struct amount amount_growth(int64_t bytes, bool is_exact) {
    struct amount amount;
    uint64_t size = bytes < 0 ? -(uint64_t)bytes : (uint64_t)bytes;
    write_bytes(&amount, bytes < 0 ? "-" : "+", size, is_exact);
    return amount;
}

struct amount amount_limit(uint64_t bytes, bool is_exact) {
    return bytes == 0 ? (struct amount){"-"} : amount_bytes(bytes, is_exact);
}

struct amount amount_share(uint64_t part, uint64_t whole) {
    struct amount amount = {"-"};
    if (whole > 0) {
        snprintf(amount.text, sizeof(amount.text), "%.1f %%", 100.0 * (double)part / (double)whole);
    }
    return amount;
}

struct amount amount_age(int64_t seconds) {
    struct amount amount = {"?"};
    char *text = amount.text;
    size_t bytes = sizeof(amount.text);
    if (seconds >= DAY) {
        snprintf(text, bytes, "%" PRId64 " d %" PRId64 " h", seconds / DAY, seconds % DAY / HOUR);
    } else if (seconds >= HOUR) {
        snprintf(text, bytes, "%" PRId64 " h %" PRId64 " min", seconds / HOUR,
                 seconds % HOUR / MINUTE);
    } else if (seconds >= MINUTE) {
        snprintf(text, bytes, "%" PRId64 " min", seconds / MINUTE);
    } else if (seconds >= 0) {
        snprintf(text, bytes, "%" PRId64 " s", seconds);
    }
    return amount;
}

struct amount amount_moment(int64_t seconds) {
    struct amount amount = {"?"};
    time_t moment = (time_t)seconds;
    struct tm parts;
    if (localtime_r(&moment, &parts) &&
        strftime(amount.text, sizeof(amount.text), "%Y-%m-%d %H:%M:%S", &parts) == 0) {
        amount = (struct amount){"?"};
    }
    return amount;
}

/* Milliseconds of a unit; 0: there is no such unit. */
static uint64_t unit_ms(const char *text) {
    static const struct {
        const char *name;
        uint64_t ms;
    } known[] = {
        {"", 1000},          {"ms", 1},           {"s", 1000},
        {"m", MINUTE * 1000}, {"min", MINUTE * 1000}, {"h", HOUR * 1000},
        {"d", DAY * 1000},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(text, known[i].name) == 0) {
            return known[i].ms;
        }
    }
    return 0;
}

int amount_parse_time(const char *verb, const char *option, const char *text, uint64_t min_ms,
                      uint64_t max_ms, uint64_t *ret_ms) {
    uint64_t value = 0;
    const char *digit = text;
    for (; *digit >= '0' && *digit <= '9' && value <= max_ms; digit++) {
        value = value * 10 + (uint64_t)(*digit - '0');
    }
    uint64_t unit = digit == text ? 0 : unit_ms(digit);
    if (unit == 0) {
        complain(verb, "%s takes a time such as 500ms, 10s, 2m or 1h, not '%s' "
                 "(see mempool %s --help)", option, text, verb);
        return CLI_BAD_USAGE;
    }
    if (value > max_ms / unit || value * unit < min_ms) {
        complain(verb, "%s=%s is too %s (see mempool %s --help)", option, text,
                 value > max_ms / unit ? "long" : "short", verb);
        return CLI_BAD_USAGE;
    }
    *ret_ms = value * unit;
    return CLI_OK;
}

int amount_parse_age(const char *verb, const char *option, const char *text,
                     unsigned *ret_seconds) {
    uint64_t ms;
    size_t n_digits = strspn(text, "0123456789");
    if (n_digits == 0 || text[n_digits] == '\0') {
        return option_number(verb, option, text, 0, AGE_MAX, ret_seconds);
    }
    int status = amount_parse_time(verb, option, text, 0, (uint64_t)AGE_MAX * 1000, &ms);
    if (status == CLI_OK) {
        *ret_seconds = (unsigned)((ms + 999) / 1000);
    }
    return status;
}
