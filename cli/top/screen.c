/* SPDX-License-Identifier: MIT */
/* The terminal: frames to it, keys from it. */
#include "cli/top/screen.h"

#include "cli/top/key.h"
#include "cli/top/terminal.h"

bool top_screen_is_supported(void) {
    return true;
}

static int draw(struct top_session *session, struct top_grid *grid) {
    int width, height;
    terminal_size(&width, &height);
    int result = top_grid_resize(grid, width, height);
    result = result ? result : top_session_settle(session, top_lines_of(height).rows);
    if (result == 0) {
        struct top_scene scene = top_session_scene(session);
        top_draw(grid, &scene);
        terminal_show(grid);
    }
    return result;
}

/* When the next snapshot is due: whole intervals from the last, those in the past left out. */
static int64_t due_after(int64_t last_ns, int64_t interval_ns) {
    int64_t now_ns = top_clock();
    int64_t missed = (now_ns - last_ns) / interval_ns;
    return last_ns + (missed > 0 ? missed : 0) * interval_ns + interval_ns;
}

static bool is_watching(const struct top_session *session) {
    return !session->feed->is_still && !session->is_ended && !session->state.is_paused;
}

/* One turn: wait, and do what the key or the time asks for. True: the end. */
static bool turn(struct top_session *session, struct top_grid *grid, int64_t *last_ns,
                 int *result) {
    const int64_t forever_ns = 3600 * (int64_t)1000000000;
    int64_t interval_ns = session->state.interval_ns;
    int64_t due_ns = *last_ns + interval_ns;
    uint32_t key = terminal_wait(is_watching(session) ? due_ns - top_clock() : forever_ns);
    if (terminal_is_over()) {
        return true;
    }
    unsigned what = 0;
    if (key != TOP_KEY_NONE && key != TOP_KEY_RESIZE) {
        what = top_session_key(session, key, top_lines_of(grid->height).rows);
    }
    bool is_due = is_watching(session) && top_clock() >= due_ns;
    if (is_due || (what & TOP_DO_TAKE)) {
        *last_ns = is_due ? due_after(*last_ns, interval_ns) - interval_ns : top_clock();
        *result = top_session_take(session);
    }
    return (what & TOP_DO_QUIT) != 0 || *result != 0;
}

int top_screen_run(struct top_session *session, const struct top_screen *screen) {
    struct top_grid grid = {.is_ascii = screen->is_ascii};
    int result = terminal_open(screen->has_no_colours);
    if (result != 0) {
        return result;
    }
    int64_t last_ns = top_clock();
    bool is_over = false;
    while (result == 0 && !is_over) {
        result = draw(session, &grid);
        is_over = result != 0 || turn(session, &grid, &last_ns, &result) ||
                  (session->is_ended && screen->ends_with_process);
    }
    terminal_close();
    top_grid_free(&grid);
    return result;
}
