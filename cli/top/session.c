/* SPDX-License-Identifier: MIT */
/* One watching. */
#include "cli/top/session.h"

#include <stdio.h>
#include <time.h>

/* Of one processor. The rest is for the counters, which are cheap. */
static const double sites_share = 0.04, ledger_share = 0.005;

static int64_t read_clock(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t top_clock(void) {
    return read_clock(CLOCK_MONOTONIC);
}

void top_session_begin(struct top_session *session, struct top_feed *feed, int64_t interval_ns) {
    session->feed = feed;
    session->model.is_still = feed->is_still;
    session->sites.share = sites_share;
    session->ledger.share = ledger_share;
    top_state_begin(&session->state, interval_ns);
}

static unsigned wanted(const struct top_session *session, int64_t now_ns) {
    bool wants_sites = session->feed->is_still || (top_state_wants_sites(&session->state) &&
                                                   top_budget_allows(&session->sites, now_ns));
    bool wants_ledger = top_budget_allows(&session->ledger, now_ns);
    return (wants_sites ? TOP_WANT_SITES : 0) | (wants_ledger ? TOP_WANT_LEDGER : 0);
}

/* Both are dear where they were read at once: the next time they are read one by one. */
static void spend(struct top_session *session, unsigned want, int64_t now_ns, int64_t cost_ns) {
    if (want & TOP_WANT_SITES) {
        top_budget_spend(&session->sites, now_ns, cost_ns);
    }
    if (want & TOP_WANT_LEDGER) {
        top_budget_spend(&session->ledger, now_ns, cost_ns);
    }
}

int top_session_take(struct top_session *session) {
    if (session->is_ended) {
        return 0;
    }
    struct snapshot *snapshot = NULL;
    int64_t now_ns = top_clock(), before_ns = read_clock(CLOCK_PROCESS_CPUTIME_ID);
    unsigned want = wanted(session, now_ns);
    enum top_took took = session->feed->take(session->feed, want, &snapshot);
    spend(session, want, now_ns, read_clock(CLOCK_PROCESS_CPUTIME_ID) - before_ns);
    session->message[0] = '\0';
    if (took == TOP_TOOK) {
        return top_model_update(&session->model, snapshot, now_ns);
    }
    session->is_ended = took == TOP_TOOK_LAST;
    if (session->is_ended) {
        snprintf(session->message, sizeof(session->message),
                 "The process has ended; this is the last of it. q quits.");
    } else {
        snprintf(session->message, sizeof(session->message), "Cannot read: %.200s",
                 session->feed->error);
    }
    return 0;
}

int top_session_settle(struct top_session *session, int rows_shown) {
    struct top_choice choice = top_state_choice(&session->state);
    int result = top_rows_make(&session->rows, &session->model, &choice);
    if (result == 0) {
        struct top_page page = {&session->rows, rows_shown > 0 ? (size_t)rows_shown : 1};
        top_state_settle(&session->state, &page);
    }
    return result;
}

unsigned top_session_key(struct top_session *session, uint32_t key, int rows_shown) {
    struct top_page page = {&session->rows, rows_shown > 0 ? (size_t)rows_shown : 1};
    unsigned what = top_state_key(&session->state, key, &page);
    if (what & TOP_DO_RESTART) {
        top_model_restart(&session->model);
    }
    bool can_take = !session->state.is_paused && !session->feed->is_still;
    return can_take ? what : what & ~(unsigned)TOP_DO_TAKE;
}

struct top_scene top_session_scene(struct top_session *session) {
    return (struct top_scene){
        .model = &session->model,
        .state = &session->state,
        .rows = &session->rows,
        .name = session->feed->name,
        .is_ended = session->is_ended,
        .message = session->message,
        .now_ns = top_clock(),
    };
}

void top_session_end(struct top_session *session) {
    top_rows_free(&session->rows);
    top_model_free(&session->model);
}
