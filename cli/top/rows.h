/* SPDX-License-Identifier: MIT */
/* Rows: what a view shows of the model, filtered and in order. */
#ifndef CLI_TOP_ROWS_H
#define CLI_TOP_ROWS_H

#include "cli/top/model.h"

struct top_row {
    struct top_key key;
    size_t index;     /* of the thing, in the snapshot of its view */
    const char *name; /* lives as long as that snapshot */
    const char *place;
    int depth;                     /* in the tree of components */
    const struct top_track *track; /* lives as long as the snapshot */
    double values[TOP_COLUMNS];    /* not a number: not known, or of no meaning here */
};

/* Zero-fill it; made anew as often as wanted. */
struct top_rows {
    struct top_row *at, *spare; /* the second is order's own */
    size_t n, n_room;
    size_t n_all; /* without the filter */
};

/* What is wanted. */
struct top_choice {
    enum top_view view;
    enum top_column sort;
    bool is_reversed;   /* the other way round: numbers go down, and names up */
    bool has_all;       /* size classes of the heap, pools that are gone, components that ended */
    const char *filter; /* part of a name, large and small letters alike; "": everything */
};

/** top_rows_make: rows of the model.  0 or -ENOMEM. */
int top_rows_make(struct top_rows *rows, const struct top_model *model,
                  const struct top_choice *choice);

/** top_rows_find: the number of the row with a key; -1: there is none. */
int64_t top_rows_find(const struct top_rows *rows, struct top_key key);

/** top_row_matches: whether its name, or its call site, has the filter's text. */
bool top_row_matches(const struct top_row *row, const char *filter);

/** top_rows_free: give all memory back. */
void top_rows_free(struct top_rows *rows);

/** top_row_of: one thing, as its row. */
void top_row_of(struct top_row *row, const struct top_model *model, enum top_view view,
                size_t index);

#endif
