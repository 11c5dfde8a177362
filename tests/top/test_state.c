/* SPDX-License-Identifier: MIT */
/* What keys do to what is shown. */
#include "cli/top/key.h"
#include "cli/top/session.h"
#include "made.h"

enum { SHOWN = 10, N_POOLS = 50 };

static struct top_session session;
static size_t n_takes;
static unsigned last_want;
static enum top_took answer;

/* Pools that swap places: the first has the most bytes, then the last. */
static enum top_took take(struct top_feed *feed, unsigned want, struct snapshot **ret) {
    n_takes++;
    last_want = want;
    snprintf(feed->error, sizeof(feed->error), "no reason");
    if (answer != TOP_TOOK) {
        return answer;
    }
    struct snapshot *made = made_snapshot(N_POOLS, 3, 4, 2);
    for (size_t i = 0; i < N_POOLS; i++) {
        made->pools[i].hot = n_takes % 2 ? N_POOLS - i : i + 1;
    }
    if (want & TOP_WANT_SITES) {
        made_groups(made, 30);
    }
    *ret = made;
    return TOP_TOOK;
}

static struct top_feed feed = {.take = take, .name = "made (pid 4711)"};

static unsigned press(uint32_t key) {
    unsigned what = top_session_key(&session, key, SHOWN);
    if (what & TOP_DO_TAKE) {
        CHECK(top_session_take(&session) == 0);
    }
    CHECK(top_session_settle(&session, SHOWN) == 0);
    return what;
}

static void type(const char *text) {
    for (; *text; text++) {
        press((unsigned char)*text);
    }
}

static const char *at_cursor(void) {
    return session.rows.at[session.state.views[session.state.view].cursor].name;
}

static void begin(void) {
    session = (struct top_session){.feed = NULL};
    answer = TOP_TOOK;
    n_takes = 0;
    top_session_begin(&session, &feed, 1000000000);
    CHECK(top_session_take(&session) == 0 && top_session_settle(&session, SHOWN) == 0);
}

static void test_cursor(void) {
    begin();
    const struct top_sight_state *sight = &session.state.views[TOP_POOLS];
    press(TOP_KEY_UP);
    CHECK_EQUAL(sight->cursor, 0);
    for (int i = 0; i < 12; i++) {
        press(TOP_KEY_DOWN);
    }
    CHECK_EQUAL(sight->cursor, 12);
    CHECK_EQUAL(sight->first, 3);
    press(TOP_KEY_PAGE_UP);
    CHECK_EQUAL(sight->cursor, 2);
    CHECK_EQUAL(sight->first, 2);
    press(TOP_KEY_END);
    press(TOP_KEY_DOWN);
    CHECK_EQUAL(sight->cursor, N_POOLS - 1);
    CHECK_EQUAL(sight->first, N_POOLS - SHOWN);
    press(TOP_KEY_PAGE_DOWN);
    CHECK_EQUAL(sight->cursor, N_POOLS - 1);
    press(TOP_KEY_HOME);
    CHECK_EQUAL(sight->first, 0);
    /* Away from the first row it follows its pool; on the first it stays there. */
    press(TOP_KEY_DOWN);
    CHECK(strcmp(at_cursor(), "part1:pool1") == 0);
    CHECK(top_session_take(&session) == 0 && top_session_settle(&session, SHOWN) == 0);
    CHECK(strcmp(at_cursor(), "part1:pool1") == 0);
    CHECK_EQUAL(sight->cursor, N_POOLS - 2);
    press(TOP_KEY_HOME);
    CHECK(top_session_take(&session) == 0 && top_session_settle(&session, SHOWN) == 0);
    CHECK_EQUAL(sight->cursor, 0);
    /* A smaller window. */
    press(TOP_KEY_END);
    CHECK(top_session_settle(&session, 3) == 0);
    CHECK_EQUAL(sight->first, N_POOLS - 3);
    CHECK(top_session_settle(&session, 0) == 0);
    /* A larger one has no blank rows while there are rows above. */
    CHECK(top_session_settle(&session, 40) == 0);
    CHECK_EQUAL(sight->first, N_POOLS - 40);
    CHECK(top_session_settle(&session, 60) == 0);
    CHECK_EQUAL(sight->first, 0);
    top_session_end(&session);
}

static void test_filter(void) {
    begin();
    press(TOP_KEY_DOWN);
    press('/');
    type("pool4q");
    CHECK_EQUAL(session.rows.n, 0);
    press(TOP_KEY_UP);
    CHECK(press(TOP_KEY_ENTER) == 0 && !session.state.detail.is_open);
    press(TOP_KEY_ENTER); /* on no row: nothing */
    CHECK(!session.state.detail.is_open);
    press('/');
    press(TOP_KEY_BACKSPACE);
    CHECK_EQUAL(session.rows.n, 11);
    press(0xe4); /* two bytes, one character */
    CHECK(strcmp(session.state.filter, "pool4\xc3\xa4") == 0);
    press(TOP_KEY_BACKSPACE);
    CHECK(strcmp(session.state.filter, "pool4") == 0);
    press(TOP_KEY_ESCAPE);
    CHECK(strcmp(session.state.filter, "pool4q") == 0);
    press('/');
    for (int i = 0; i < 10; i++) {
        press(TOP_KEY_BACKSPACE);
    }
    for (int i = 0; i < 2 * TOP_FILTER_BYTES; i++) {
        press('x');
    }
    CHECK_EQUAL(strlen(session.state.filter), TOP_FILTER_BYTES - 1);
    press(TOP_KEY_ENTER);
    press(TOP_KEY_ESCAPE);
    CHECK_EQUAL(session.rows.n, N_POOLS);
    top_session_end(&session);
}

static void test_sort(void) {
    begin();
    const struct top_sight_state *sight = &session.state.views[TOP_POOLS];
    CHECK(sight->sort == TOP_BYTES);
    press('<');
    CHECK(sight->sort == TOP_LIVE);
    press('<');
    press('<');
    CHECK(sight->sort == TOP_NAME && !sight->is_reversed);
    for (int i = 0; i < 30; i++) {
        press('>');
    }
    CHECK(sight->sort == TOP_SHARE); /* not by the sparkline */
    press('n');
    CHECK(strcmp(session.rows.at[0].name, "part0:pool0") == 0);
    press('n');
    CHECK(strcmp(session.rows.at[0].name, "part6:pool6") == 0);
    press('r');
    CHECK(!sight->is_reversed);
    press('o'); /* pools have no such column */
    CHECK(sight->sort == TOP_NAME);
    top_session_end(&session);
}

static void test_views(void) {
    begin();
    CHECK(press(TOP_KEY_TAB) == 0 && session.state.view == TOP_COMPONENTS);
    CHECK(press('3') == 0 && session.state.view == TOP_ACCOUNTS);
    CHECK((last_want & TOP_WANT_SITES) == 0);
    CHECK(press('4') == TOP_DO_TAKE && session.state.view == TOP_SITES);
    CHECK((last_want & TOP_WANT_SITES) != 0);
    CHECK_EQUAL(session.rows.n, 30);
    press(TOP_KEY_RIGHT);
    press(TOP_KEY_RIGHT);
    CHECK(session.state.view == TOP_POOLS);
    press(TOP_KEY_TAB_BACK);
    CHECK(session.state.view == TOP_THREADS);
    CHECK(press('9') == 0 && session.state.view == TOP_THREADS);
    top_session_end(&session);
}

static void test_detail_and_help(void) {
    begin();
    press(TOP_KEY_DOWN);
    CHECK(press(TOP_KEY_ENTER) == TOP_DO_TAKE);
    CHECK(session.state.detail.is_open && session.state.detail.key.a == 1);
    press(TOP_KEY_DOWN);
    press(TOP_KEY_PAGE_DOWN);
    CHECK_EQUAL(session.state.detail.first, 1 + SHOWN);
    press('?');
    CHECK(session.state.is_help && session.state.detail.is_open);
    press(TOP_KEY_DOWN);
    CHECK_EQUAL(session.state.help_first, 1);
    CHECK(press('q') == 0 && !session.state.is_help);
    press(TOP_KEY_ESCAPE);
    CHECK(!session.state.detail.is_open);
    press('h');
    press(TOP_KEY_ESCAPE);
    CHECK(!session.state.is_help);
    press(TOP_KEY_ENTER);
    CHECK(press('q') == TOP_DO_QUIT);
    top_session_end(&session);
}

static void test_pause_and_time(void) {
    begin();
    press('p');
    CHECK(session.state.is_paused);
    CHECK(press('4') == 0); /* no snapshot is taken for it */
    CHECK_EQUAL(n_takes, 1);
    CHECK(press(' ') == TOP_DO_TAKE && !session.state.is_paused);
    press('+');
    CHECK(session.state.interval_ns == 2000000000);
    press('-');
    press('-');
    CHECK(session.state.interval_ns == 500000000);
    for (int i = 0; i < 30; i++) {
        press('-');
    }
    CHECK(session.state.interval_ns == 100000000);
    CHECK(top_state_slower(top_state_faster(1300000000)) == 2000000000);
    press('1');
    press('z');
    CHECK(session.rows.at[0].values[TOP_GROWTH] == 0);
    top_session_end(&session);
}

static void test_end(void) {
    begin();
    answer = TOP_TOOK_NOTHING;
    CHECK(top_session_take(&session) == 0);
    CHECK(strcmp(session.message, "Cannot read: no reason") == 0 && !session.is_ended);
    answer = TOP_TOOK;
    CHECK(top_session_take(&session) == 0 && session.message[0] == '\0');
    answer = TOP_TOOK_LAST;
    CHECK(top_session_take(&session) == 0 && session.is_ended);
    size_t before = n_takes;
    CHECK(top_session_take(&session) == 0);
    CHECK_EQUAL(n_takes, before);
    CHECK(strstr(session.message, "ended") != NULL);
    CHECK(top_session_settle(&session, SHOWN) == 0);
    CHECK_EQUAL(session.rows.n, N_POOLS);
    top_session_end(&session);
}

/* Whatever is pressed, whatever the window: frames are drawn, and the cursor is in the rows. */
static void test_any_keys(void) {
    static const uint32_t keys[] = {TOP_KEY_UP,
                                    TOP_KEY_DOWN,
                                    TOP_KEY_PAGE_UP,
                                    TOP_KEY_PAGE_DOWN,
                                    TOP_KEY_HOME,
                                    TOP_KEY_END,
                                    TOP_KEY_ENTER,
                                    TOP_KEY_ESCAPE,
                                    TOP_KEY_TAB,
                                    TOP_KEY_TAB_BACK,
                                    TOP_KEY_BACKSPACE,
                                    0x10ffff,
                                    '/',
                                    'r',
                                    'a',
                                    '1',
                                    '2',
                                    '3',
                                    '4',
                                    '5',
                                    'p',
                                    '?',
                                    '<',
                                    '>',
                                    'n',
                                    'l',
                                    'w',
                                    'z',
                                    'o',
                                    'x'};
    struct top_grid grid = {.is_ascii = false};
    uint32_t random = 12345;
    begin();
    for (int i = 0; i < 20000; i++) {
        random = random * 1664525 + 1013904223;
        press(keys[(random >> 8) % (sizeof(keys) / sizeof(keys[0]))]);
        const struct top_sight_state *sight = &session.state.views[session.state.view];
        CHECK(sight->cursor < session.rows.n || (sight->cursor == 0 && session.rows.n == 0));
        CHECK(sight->first <= sight->cursor);
        if (i % 20 == 0) {
            CHECK(top_grid_resize(&grid, (int)(random >> 16) % 200, (int)(random >> 24) % 60) == 0);
            struct top_scene scene = top_session_scene(&session);
            top_draw(&grid, &scene);
        }
    }
    top_grid_free(&grid);
    top_session_end(&session);
}

int main(void) {
    test_cursor();
    test_filter();
    test_sort();
    test_views();
    test_detail_and_help();
    test_pause_and_time();
    test_end();
    test_any_keys();
    return 0;
}
