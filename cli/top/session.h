/* SPDX-License-Identifier: MIT */
/* One watching: the feed, what is known by it, and what is shown of that. */
#ifndef CLI_TOP_SESSION_H
#define CLI_TOP_SESSION_H

#include "cli/top/budget.h"
#include "cli/top/draw.h"
#include "cli/top/feed.h"

/* Zero-fill it, then top_session_begin. */
struct top_session {
    struct top_feed *feed;
    struct top_model model;
    struct top_state state;
    struct top_rows rows;
    struct top_budget sites, ledger;
    bool is_ended;
    char message[256];
};

/** top_session_begin: nothing is read yet. */
void top_session_begin(struct top_session *session, struct top_feed *feed, int64_t interval_ns);

/** top_session_take: read a snapshot, with what is shown and may be read by its budget. Once the
 *  process has ended, nothing.  0 or -ENOMEM; what else goes wrong is said in `message`. */
int top_session_take(struct top_session *session);

/** top_session_settle: make the rows of what is to be shown, for so many rows on the screen.
 *  0 or -ENOMEM. */
int top_session_settle(struct top_session *session, int rows_shown);

/** top_session_key: a key was pressed.  What to do, as top_state_key; growth is restarted here. */
unsigned top_session_key(struct top_session *session, uint32_t key, int rows_shown);

/** top_session_scene: for drawing; lives as long as the session. */
struct top_scene top_session_scene(struct top_session *session);

/** top_session_end: give all memory back. */
void top_session_end(struct top_session *session);

/** top_clock: nanoseconds of a clock that goes on evenly. */
int64_t top_clock(void);

#endif
