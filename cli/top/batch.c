/* SPDX-License-Identifier: MIT */
/* Frames as text, without a terminal. */
#include "cli/top/batch.h"

#include <errno.h>
#include <time.h>

#include "cli/top/json.h"

enum {
    ROWS_MAX = 1 << 20,
};

static int print_text(struct top_session *session, const struct top_batch *batch, int n_rows,
                      unsigned frame) {
    struct top_grid grid = {.is_ascii = batch->is_ascii};
    int result = top_grid_resize(&grid, (int)batch->width, TOP_PLAIN_LINES + n_rows);
    if (result == 0) {
        struct top_scene scene = top_session_scene(session);
        top_draw_plain(&grid, &scene);
        if (frame > 1) {
            fputc('\n', stdout);
        }
        top_grid_print(&grid, grid.height, stdout);
    }
    top_grid_free(&grid);
    return result;
}

static int print_frame(struct top_session *session, const struct top_batch *batch, unsigned frame) {
    int result = top_session_settle(session, 1);
    size_t n = session->rows.n < ROWS_MAX ? session->rows.n : ROWS_MAX;
    if (batch->n_rows && n > batch->n_rows) {
        n = batch->n_rows;
    }
    if (result == 0 && batch->is_json) {
        struct top_scene scene = top_session_scene(session);
        result = top_json_print(&scene, frame, n, stdout);
    } else if (result == 0) {
        result = print_text(session, batch, n ? (int)n : 1, frame);
    }
    if (result == 0 && (fflush(stdout) != 0 || ferror(stdout))) {
        result = errno ? -errno : -EIO;
    }
    return result;
}

static void sleep_until(int64_t when_ns) {
    struct timespec when = {when_ns / 1000000000, when_ns % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL) == EINTR) {
    }
}

int top_batch_run(struct top_session *session, const struct top_batch *batch) {
    int64_t next_ns = top_clock();
    unsigned frame = 0;
    for (;;) {
        int result = top_session_take(session);
        bool is_shown = session->message[0] == '\0';
        if (result == 0 && is_shown) {
            result = print_frame(session, batch, ++frame);
        }
        bool is_last = session->is_ended || !is_shown || frame == batch->n_frames;
        if (result != 0 || is_last) {
            return result;
        }
        next_ns += session->state.interval_ns;
        sleep_until(next_ns);
    }
}
