/* SPDX-License-Identifier: MIT */
/* What keys do. */
#include "cli/top/state.h"

#include <string.h>

#include "cli/top/grid.h"
#include "cli/top/key.h"

static const int64_t millisecond_ns = 1000000;
static const int intervals_ms[] = {100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000, 300000};

enum {
    N_INTERVALS = sizeof(intervals_ms) / sizeof(intervals_ms[0]),
};

int64_t top_state_faster(int64_t interval_ns) {
    for (size_t i = N_INTERVALS; i-- > 0;) {
        if (intervals_ms[i] * millisecond_ns < interval_ns) {
            return intervals_ms[i] * millisecond_ns;
        }
    }
    return interval_ns;
}

int64_t top_state_slower(int64_t interval_ns) {
    for (size_t i = 0; i < N_INTERVALS; i++) {
        if (intervals_ms[i] * millisecond_ns > interval_ns) {
            return intervals_ms[i] * millisecond_ns;
        }
    }
    return interval_ns;
}

void top_state_begin(struct top_state *state, int64_t interval_ns) {
    *state = (struct top_state){.interval_ns = interval_ns};
    for (int view = 0; view < TOP_VIEWS; view++) {
        state->views[view].sort = view == TOP_THREADS ? TOP_CACHED_BYTES : TOP_BYTES;
    }
}

struct top_choice top_state_choice(const struct top_state *state) {
    const struct top_sight_state *sight = &state->views[state->view];
    return (struct top_choice){
        .view = state->view,
        .sort = sight->sort,
        .is_reversed = sight->is_reversed,
        .has_all = state->has_all,
        .filter = state->filter,
    };
}

bool top_state_wants_sites(const struct top_state *state) {
    enum top_view view = state->detail.is_open ? state->detail.view : state->view;
    bool has_sites = view == TOP_POOLS || view == TOP_ACCOUNTS;
    return view == TOP_SITES || (state->detail.is_open && has_sites);
}

void top_state_sort(struct top_state *state, enum top_column column) {
    struct top_sight_state *sight = &state->views[state->view];
    sight->is_reversed = sight->sort == column ? !sight->is_reversed : false;
    sight->sort = column;
}

/* --- the cursor --- */

static void keep_on_screen(struct top_sight_state *sight, size_t shown, size_t n) {
    if (sight->cursor < sight->first) {
        sight->first = sight->cursor;
    } else if (sight->cursor >= sight->first + shown) {
        sight->first = sight->cursor + 1 - shown;
    }
    if (sight->first + shown > n) {
        sight->first = n > shown ? n - shown : 0;
    }
}

static void move_to(struct top_sight_state *sight, size_t row, const struct top_page *page) {
    const struct top_rows *rows = page->rows;
    sight->cursor = row < rows->n ? row : rows->n ? rows->n - 1 : 0;
    sight->is_chosen = sight->cursor > 0;
    if (sight->is_chosen) {
        sight->chosen = rows->at[sight->cursor].key;
    }
    keep_on_screen(sight, page->rows_shown, rows->n);
}

void top_state_settle(struct top_state *state, const struct top_page *page) {
    struct top_sight_state *sight = &state->views[state->view];
    int64_t row = sight->is_chosen ? top_rows_find(page->rows, sight->chosen) : -1;
    if (row >= 0) {
        sight->cursor = (size_t)row;
    } else if (sight->cursor >= page->rows->n) {
        sight->cursor = page->rows->n ? page->rows->n - 1 : 0;
    }
    keep_on_screen(sight, page->rows_shown, page->rows->n);
}

/* Whether the key moves; *ret is where to, from `at` in n rows. */
static bool moved(uint32_t key, size_t at, size_t n, size_t page, size_t *ret) {
    switch (key) {
    case TOP_KEY_UP:
        *ret = at > 0 ? at - 1 : 0;
        return true;
    case TOP_KEY_DOWN:
        *ret = at + 1;
        return true;
    case TOP_KEY_PAGE_UP:
        *ret = at > page ? at - page : 0;
        return true;
    case TOP_KEY_PAGE_DOWN:
        *ret = at + page;
        return true;
    case TOP_KEY_HOME:
        *ret = 0;
        return true;
    case TOP_KEY_END:
        *ret = n ? n - 1 : 0;
        return true;
    default:
        return false;
    }
}

/* --- the filter --- */

static void add_glyph(struct top_state *state, uint32_t glyph) {
    char bytes[4];
    unsigned n = top_encode(glyph, bytes);
    size_t length = strlen(state->filter);
    if (glyph >= ' ' && glyph != 0x7f && length + n < TOP_FILTER_BYTES) {
        memcpy(state->filter + length, bytes, n);
        state->filter[length + n] = '\0';
    }
}

static void drop_glyph(struct top_state *state) {
    size_t length = strlen(state->filter);
    while (length > 0 && ((unsigned char)state->filter[length - 1] & 0xc0) == 0x80) {
        length--;
    }
    state->filter[length > 0 ? length - 1 : 0] = '\0';
}

static void filter_key(struct top_state *state, uint32_t key) {
    struct top_sight_state *sight = &state->views[state->view];
    switch (key) {
    case TOP_KEY_ENTER:
        state->is_typing = false;
        break;
    case TOP_KEY_ESCAPE:
        memcpy(state->filter, state->filter_before, sizeof(state->filter));
        state->is_typing = false;
        break;
    case TOP_KEY_BACKSPACE:
        drop_glyph(state);
        break;
    default:
        if (key < TOP_KEY_NONE) {
            add_glyph(state, key);
        }
        break;
    }
    sight->cursor = sight->first = 0;
    sight->is_chosen = false;
}

/* --- tables --- */

/* The next column that can be sorted by, to the left or to the right. */
static void sort_beside(struct top_state *state, int step) {
    const struct top_view_kind *kind = &top_views_known[state->view];
    int n = 0, at = 0;
    for (size_t i = 0; i < kind->n_columns; i++) {
        if (top_columns_known[kind->columns[i]].kind != TOP_KIND_SPARK) {
            at = kind->columns[i] == state->views[state->view].sort ? n : at;
            n++;
        }
    }
    at += step;
    if (at >= 0 && at < n) {
        state->views[state->view].sort = kind->columns[at];
        state->views[state->view].is_reversed = false;
    }
}

static void sort_by_letter(struct top_state *state, uint32_t key) {
    const struct top_view_kind *kind = &top_views_known[state->view];
    for (size_t i = 0; i < kind->n_columns; i++) {
        char letter = top_columns_known[kind->columns[i]].letter;
        if (letter != 0 && (uint32_t)letter == key) {
            top_state_sort(state, kind->columns[i]);
        }
    }
}

static unsigned show(struct top_state *state, enum top_view view) {
    state->view = view;
    return view == TOP_SITES ? TOP_DO_TAKE : 0;
}

static unsigned open_detail(struct top_state *state, const struct top_page *page) {
    size_t row = state->views[state->view].cursor;
    if (row >= page->rows->n) {
        return 0;
    }
    state->detail.is_open = true;
    state->detail.view = state->view;
    state->detail.key = page->rows->at[row].key;
    state->detail.first = 0;
    return top_state_wants_sites(state) ? TOP_DO_TAKE : 0;
}

static void begin_filter(struct top_state *state) {
    memcpy(state->filter_before, state->filter, sizeof(state->filter));
    state->is_typing = true;
}

static unsigned table_key(struct top_state *state, uint32_t key, const struct top_page *page) {
    switch (key) {
    case TOP_KEY_ENTER:
        return open_detail(state, page);
    case TOP_KEY_TAB:
    case TOP_KEY_RIGHT:
        return show(state, (state->view + 1) % TOP_VIEWS);
    case TOP_KEY_TAB_BACK:
    case TOP_KEY_LEFT:
        return show(state, (state->view + TOP_VIEWS - 1) % TOP_VIEWS);
    case '/':
        begin_filter(state);
        break;
    case TOP_KEY_ESCAPE:
        state->filter[0] = '\0';
        break;
    case '<':
        sort_beside(state, -1);
        break;
    case '>':
        sort_beside(state, 1);
        break;
    case 'r':
        state->views[state->view].is_reversed = !state->views[state->view].is_reversed;
        break;
    case 'a':
        state->has_all = !state->has_all;
        break;
    default:
        if (key >= '1' && key < '1' + TOP_VIEWS) {
            return show(state, key - '1');
        }
        sort_by_letter(state, key);
        break;
    }
    return 0;
}

/* --- everywhere --- */

/* Keys that mean the same wherever one is. */
static bool common_key(struct top_state *state, uint32_t key, unsigned *ret) {
    switch (key) {
    case 'q':
        *ret = TOP_DO_QUIT;
        return true;
    case ' ':
    case 'p':
        state->is_paused = !state->is_paused;
        *ret = state->is_paused ? 0 : TOP_DO_TAKE;
        return true;
    case '+':
    case '=':
        state->interval_ns = top_state_slower(state->interval_ns);
        return true;
    case '-':
        state->interval_ns = top_state_faster(state->interval_ns);
        return true;
    case 'z':
        *ret = TOP_DO_RESTART;
        return true;
    case '?':
    case 'h':
        state->is_help = !state->is_help;
        state->help_first = 0;
        return true;
    default:
        return false;
    }
}

/* Text that is scrolled: how far is known when it is drawn. */
static bool leaves_text(uint32_t key, size_t *first, size_t page) {
    size_t to;
    if (moved(key, *first, SIZE_MAX / 2, page, &to)) {
        *first = to;
        return false;
    }
    return key == TOP_KEY_ESCAPE || key == TOP_KEY_ENTER || key == TOP_KEY_BACKSPACE ||
           key == TOP_KEY_LEFT;
}

unsigned top_state_key(struct top_state *state, uint32_t key, const struct top_page *page) {
    unsigned what = 0;
    if (state->is_typing) {
        filter_key(state, key);
    } else if (state->is_help && key == 'q') {
        state->is_help = false;
    } else if (common_key(state, key, &what)) {
        return what;
    } else if (state->is_help) {
        state->is_help = !leaves_text(key, &state->help_first, page->rows_shown);
    } else if (state->detail.is_open) {
        state->detail.is_open = !leaves_text(key, &state->detail.first, page->rows_shown);
    } else {
        struct top_sight_state *sight = &state->views[state->view];
        size_t row;
        if (moved(key, sight->cursor, page->rows->n, page->rows_shown, &row)) {
            move_to(sight, row, page);
        } else {
            what = table_key(state, key, page);
        }
    }
    return what;
}
