/* SPDX-License-Identifier: MIT */
/* The views, and what each of their columns is: one table for titles, keys, options and JSON. */
#ifndef CLI_TOP_COLUMN_H
#define CLI_TOP_COLUMN_H

#include <stdbool.h>
#include <stddef.h>

enum top_view {
    TOP_POOLS,
    TOP_COMPONENTS,
    TOP_ACCOUNTS,
    TOP_SITES,
    TOP_THREADS,
    TOP_VIEWS,
};

enum top_column {
    TOP_NAME,
    TOP_PLACE, /* a call site's function */
    TOP_LIVE,
    TOP_BYTES,
    TOP_PEAK,
    TOP_PEAK_BYTES,
    TOP_CHARGED,
    TOP_LIMIT,
    TOP_CACHED,
    TOP_CACHED_BYTES,
    TOP_GET_RATE,
    TOP_PUT_RATE,
    TOP_MISS_RATE,
    TOP_GROWTH,
    TOP_SHARE,
    TOP_OLDEST,
    TOP_THREAD,
    TOP_CACHES,
    TOP_GRANTED,
    TOP_ATTACHED,
    TOP_TREND, /* a sparkline, where there is room */
    TOP_COLUMNS,
};

/* How its values are written. */
enum top_kind {
    TOP_KIND_TEXT,
    TOP_KIND_COUNT,
    TOP_KIND_NUMBER, /* to the last digit */
    TOP_KIND_BYTES,
    TOP_KIND_GROWTH,
    TOP_KIND_RATE,
    TOP_KIND_SHARE,
    TOP_KIND_SECONDS,
    TOP_KIND_SPARK,
};

struct top_column_kind {
    const char *word; /* of --sort */
    const char *title;
    const char *member; /* of JSON */
    const char *help;
    char letter; /* the key that sorts by it; 0: none */
    enum top_kind kind;
    int width; /* columns; of text, at least */
    int rank;  /* where the window is narrow, the highest go first */
};

struct top_view_kind {
    const char *word;  /* of --view */
    const char *title; /* of its tab */
    const char *one;   /* what a row is */
    enum top_column columns[16];
    size_t n_columns;
};

extern const struct top_column_kind top_columns_known[TOP_COLUMNS];
extern const struct top_view_kind top_views_known[TOP_VIEWS];

/** top_view_has: whether a view has a column. */
bool top_view_has(enum top_view view, enum top_column column);

/** top_column_format: a value as its column has it, at least TOP_NUMBER_BYTES of room. */
void top_column_format(enum top_column column, double value, char *text);

/** top_find_view: of a word; -1: there is none. */
int top_find_view(const char *word);

/** top_find_column: of a word, among a view's that can be sorted by; -1: there is none. */
int top_find_column(enum top_view view, const char *word);

#endif
