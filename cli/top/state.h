/* SPDX-License-Identifier: MIT */
/* What the person at the keys wants to see: a machine that keys move. It draws nothing and reads
 * nothing. */
#ifndef CLI_TOP_STATE_H
#define CLI_TOP_STATE_H

#include "cli/top/rows.h"

enum {
    TOP_FILTER_BYTES = 64,
};

/* What is to be done after a key. */
enum {
    TOP_DO_QUIT = 1,
    TOP_DO_TAKE = 2,    /* read a snapshot now */
    TOP_DO_RESTART = 4, /* let growth begin at 0 */
};

/* Of each view. */
struct top_sight_state {
    enum top_column sort;
    bool is_reversed;
    size_t cursor, first;  /* rows: the one that the cursor is on, the first on the screen */
    struct top_key chosen; /* the thing that the cursor is on, once it has left the first row */
    bool is_chosen;
};

struct top_state {
    enum top_view view;
    struct top_sight_state views[TOP_VIEWS];
    char filter[TOP_FILTER_BYTES];
    bool is_typing;                       /* the filter */
    char filter_before[TOP_FILTER_BYTES]; /* for Escape */
    bool has_all, is_help, is_paused;
    size_t help_first; /* of its lines on the screen */
    struct {
        bool is_open;
        enum top_view view;
        struct top_key key;
        size_t first; /* of its lines on the screen */
    } detail;
    int64_t interval_ns;
};

/* What is on the screen. */
struct top_page {
    const struct top_rows *rows; /* of the view */
    size_t rows_shown;           /* room for rows; at least 1 */
};

/** top_state_begin: pools, most bytes first. */
void top_state_begin(struct top_state *state, int64_t interval_ns);

/** top_state_key: a key was pressed.  What to do, as bits. */
unsigned top_state_key(struct top_state *state, uint32_t key, const struct top_page *page);

/** top_state_settle: rows were made anew: let the cursor be where its thing is now, inside the
 *  rows, and on the screen. */
void top_state_settle(struct top_state *state, const struct top_page *page);

/** top_state_choice: what rows to make. */
struct top_choice top_state_choice(const struct top_state *state);

/** top_state_sort: sort the view by a column. */
void top_state_sort(struct top_state *state, enum top_column column);

/** top_state_wants_sites: whether what is shown needs call sites. */
bool top_state_wants_sites(const struct top_state *state);

/** top_state_faster, top_state_slower: the next interval of a row of them. */
int64_t top_state_faster(int64_t interval_ns);
int64_t top_state_slower(int64_t interval_ns);

#endif
