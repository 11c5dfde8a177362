/* SPDX-License-Identifier: MIT */
/* The views, and what each of their columns is. */
#include "cli/top/column.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/top/format.h"

/* clang-format off */
const struct top_column_kind top_columns_known[TOP_COLUMNS] = {
    [TOP_NAME] = {"name", "NAME", "name", "component and type", 'n', TOP_KIND_TEXT, 16, 0},
    [TOP_PLACE] = {"site", "CALL SITE", "site", "the function that got them", 'i',
                   TOP_KIND_TEXT, 18, 0},
    [TOP_LIVE] = {"live", "LIVE", "live", "live objects or blocks", 'l', TOP_KIND_COUNT, 5, 1},
    [TOP_BYTES] = {"bytes", "BYTES", "live_bytes", "bytes of those, as asked for", 'b',
                   TOP_KIND_BYTES, 7, 0},
    [TOP_PEAK] = {"peak", "PEAK", "peak", "the most objects that were live", 'k',
                  TOP_KIND_COUNT, 5, 5},
    [TOP_PEAK_BYTES] = {"peak", "PEAK", "peak_bytes", "the most bytes that were live", 'k',
                        TOP_KIND_BYTES, 7, 5},
    [TOP_CHARGED] = {"charged", "CHARGED", "charged_bytes", "bytes charged against limits", 'd',
                     TOP_KIND_BYTES, 7, 2},
    [TOP_LIMIT] = {"limit", "LIMIT", "limit_bytes", "the hard limit, or else the soft", 't',
                   TOP_KIND_BYTES, 7, 6},
    [TOP_CACHED] = {"cached", "CACHED", "cached", "free objects in threads' caches", 'c',
                    TOP_KIND_COUNT, 6, 7},
    [TOP_CACHED_BYTES] = {"bytes", "BYTES", "cached_bytes", "bytes of those, with padding", 'b',
                          TOP_KIND_BYTES, 7, 0},
    [TOP_GET_RATE] = {"gets", "GETS/S", "gets_per_second", "gets, or allocations, a second", 'g',
                      TOP_KIND_RATE, 6, 3},
    [TOP_PUT_RATE] = {"puts", "PUTS/S", "puts_per_second", "puts, or frees, a second", 'u',
                      TOP_KIND_RATE, 6, 8},
    [TOP_MISS_RATE] = {"misses", "MISS/S", "misses_per_second",
                       "growth of the counter pool_misses, a second", 'm', TOP_KIND_RATE, 6, 9},
    [TOP_GROWTH] = {"growth", "GROWTH", "growth_bytes", "bytes since the start of watching", 'w',
                    TOP_KIND_GROWTH, 8, 4},
    [TOP_SHARE] = {"share", "SHARE", "share", "of all live bytes; of threads, of cached ones", 's',
                   TOP_KIND_SHARE, 5, 10},
    [TOP_OLDEST] = {"oldest", "OLDEST", "oldest_seconds", "age of the oldest", 'o',
                    TOP_KIND_SECONDS, 6, 3},
    [TOP_THREAD] = {"thread", "TID", "tid", "the kernel's number of the thread", 'e',
                    TOP_KIND_NUMBER, 7, 8},
    [TOP_CACHES] = {"caches", "CACHES", "caches", "caches that the thread has", 'j',
                    TOP_KIND_COUNT, 6, 5},
    [TOP_GRANTED] = {"granted", "GRANTED", "granted_bytes", "of accounts, and not used", 'd',
                     TOP_KIND_BYTES, 7, 6},
    [TOP_ATTACHED] = {"attached", "ATTACHED", "attached_seconds", "since the thread's first get",
                      'o', TOP_KIND_SECONDS, 8, 7},
    [TOP_TREND] = {"trend", "TREND", "", "bytes of the last minutes, where there is room", 0,
                   TOP_KIND_SPARK, 16, 20},
};

#define COLUMNS(...) {__VA_ARGS__}, sizeof((enum top_column[]){__VA_ARGS__}) / \
                                        sizeof(enum top_column)
const struct top_view_kind top_views_known[TOP_VIEWS] = {
    [TOP_POOLS] = {"pools", "Pools", "pool",
        COLUMNS(TOP_NAME, TOP_LIVE, TOP_BYTES, TOP_PEAK, TOP_CACHED, TOP_GET_RATE, TOP_PUT_RATE,
                TOP_MISS_RATE, TOP_GROWTH, TOP_SHARE, TOP_TREND)},
    [TOP_COMPONENTS] = {"components", "Components", "component",
        COLUMNS(TOP_NAME, TOP_LIVE, TOP_BYTES, TOP_CHARGED, TOP_LIMIT, TOP_CACHED, TOP_GET_RATE,
                TOP_PUT_RATE, TOP_GROWTH, TOP_SHARE, TOP_TREND)},
    [TOP_ACCOUNTS] = {"accounts", "Accounts", "account",
        COLUMNS(TOP_NAME, TOP_LIVE, TOP_BYTES, TOP_PEAK_BYTES, TOP_GET_RATE, TOP_PUT_RATE,
                TOP_GROWTH, TOP_SHARE, TOP_TREND)},
    [TOP_SITES] = {"sites", "Sites", "call site",
        COLUMNS(TOP_NAME, TOP_PLACE, TOP_LIVE, TOP_BYTES, TOP_OLDEST, TOP_GROWTH, TOP_SHARE,
                TOP_TREND)},
    [TOP_THREADS] = {"threads", "Threads", "thread",
        COLUMNS(TOP_NAME, TOP_THREAD, TOP_CACHES, TOP_CACHED, TOP_CACHED_BYTES, TOP_GRANTED,
                TOP_GROWTH, TOP_SHARE, TOP_ATTACHED, TOP_TREND)},
};
/* clang-format on */

bool top_view_has(enum top_view view, enum top_column column) {
    const struct top_view_kind *kind = &top_views_known[view];
    for (size_t i = 0; i < kind->n_columns; i++) {
        if (kind->columns[i] == column) {
            return true;
        }
    }
    return false;
}

int top_find_view(const char *word) {
    for (int view = 0; view < TOP_VIEWS; view++) {
        if (strcmp(top_views_known[view].word, word) == 0) {
            return view;
        }
    }
    return -1;
}

int top_find_column(enum top_view view, const char *word) {
    const struct top_view_kind *kind = &top_views_known[view];
    for (size_t i = 0; i < kind->n_columns; i++) {
        const struct top_column_kind *column = &top_columns_known[kind->columns[i]];
        if (column->kind != TOP_KIND_SPARK && strcmp(column->word, word) == 0) {
            return (int)kind->columns[i];
        }
    }
    return -1;
}

void top_column_format(enum top_column column, double value, char *text) {
    switch (top_columns_known[column].kind) {
    case TOP_KIND_COUNT:
        top_format_count(text, value);
        break;
    case TOP_KIND_BYTES:
        top_format_bytes(text, value);
        break;
    case TOP_KIND_GROWTH:
        top_format_growth(text, value);
        break;
    case TOP_KIND_RATE:
        top_format_rate(text, value);
        break;
    case TOP_KIND_SHARE:
        top_format_share(text, value);
        break;
    case TOP_KIND_SECONDS:
        top_format_seconds(text, value);
        break;
    case TOP_KIND_NUMBER:
        snprintf(text, TOP_NUMBER_BYTES, "%.0f", isnan(value) ? 0 : value);
        break;
    default:
        text[0] = '\0';
        break;
    }
}
