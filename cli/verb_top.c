/* SPDX-License-Identifier: MIT */
/* `mempool top`: a process, live. */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/message.h"
#include "cli/top_arguments.h"
#include "cli/top_target.h"
#include "cli/verb.h"

static const char verb[] = "top";

static void prepare(struct top_session *session, const struct top_arguments *arguments) {
    struct top_state *state = &session->state;
    struct top_sight_state *sight = &state->views[arguments->view];
    state->view = arguments->view;
    state->has_all = arguments->has_all;
    sight->sort = arguments->sort >= 0 ? (enum top_column)arguments->sort : sight->sort;
    sight->is_reversed = arguments->is_reversed;
    if (arguments->filter != NULL) {
        memcpy(state->filter, arguments->filter, strlen(arguments->filter) + 1);
    }
}

static int fail(int result) {
    complain(verb, "%s", strerror(-result));
    return CLI_FAILED;
}

static int run_batch(struct top_session *session, const struct top_arguments *arguments) {
    struct top_batch batch = arguments->batch;
    if (session->feed->is_still && batch.n_frames == 0) {
        batch.n_frames = 1;
    }
    int result = top_batch_run(session, &batch);
    if (result != 0) {
        return fail(result);
    }
    if (session->is_ended && session->model.now != NULL) {
        complain(verb, "%s has ended", session->feed->name);
        return CLI_OK;
    }
    if (session->message[0]) {
        complain(verb, "%s", session->feed->error);
        return CLI_FAILED;
    }
    return CLI_OK;
}

static int run_screen(struct top_session *session, const struct top_arguments *arguments) {
    if (!top_screen_is_supported()) {
        complain(verb,
                 "no screen in this build, which was made without ncurses; without one: --batch");
        return CLI_FAILED;
    }
    int result = top_session_take(session);
    if (result == 0 && session->model.now == NULL) {
        complain(verb, "%s", session->feed->error);
        return CLI_FAILED;
    }
    result = result ? result : top_screen_run(session, &arguments->screen);
    if (result == -ENOTTY) {
        const char *terminal = getenv("TERM");
        complain(verb, "no terminal that can show it (TERM is '%s'); without one: --batch",
                 terminal ? terminal : "");
        return CLI_FAILED;
    }
    if (result != 0) {
        return fail(result);
    }
    if (session->is_ended) {
        complain(verb, "%s has ended", session->feed->name);
    }
    return CLI_OK;
}

static int run(struct top_arguments *arguments) {
    int status = target_open(&arguments->target);
    if (status != CLI_OK) {
        return status;
    }
    struct top_session session = {.feed = NULL};
    struct top_target feed;
    top_target_begin(&feed, &arguments->target);
    top_session_begin(&session, &feed.feed, arguments->interval_ns);
    prepare(&session, arguments);
    status = arguments->is_batch ? run_batch(&session, arguments) : run_screen(&session, arguments);
    top_session_end(&session);
    target_close(&arguments->target);
    return status;
}

int verb_top(int argc, char **argv) {
    struct top_arguments arguments;
    /* Of the characters that a terminal shows; numbers stay as programs write them. */
    setlocale(LC_CTYPE, "");
    int status = top_arguments_parse(&arguments, argc, argv);
    if (status != CLI_OK) {
        return status;
    }
    if (arguments.is_help) {
        top_print_help();
        return finish_output(verb);
    }
    return run(&arguments);
}
