/* SPDX-License-Identifier: MIT */
/* The functions of <mempool/misuse.h>: names, actions, settings, counts. */
#include "unit.h"

static void kinds_have_their_documented_names(void **state) {
    (void)state;
    static const char *const names[MEMPOOL_MISUSE_KINDS] = {
        [MEMPOOL_MISUSE_DOUBLE_PUT] = "double-put",
        [MEMPOOL_MISUSE_RACING_PUT] = "racing-put",
        [MEMPOOL_MISUSE_WRONG_CALL] = "wrong-call",
        [MEMPOOL_MISUSE_INTERIOR] = "interior",
        [MEMPOOL_MISUSE_PAST_END] = "past-end",
        [MEMPOOL_MISUSE_NEVER_GOT] = "never-got",
        [MEMPOOL_MISUSE_RETURNED] = "returned",
        [MEMPOOL_MISUSE_STACK] = "stack",
        [MEMPOOL_MISUSE_GLOBAL] = "global",
        [MEMPOOL_MISUSE_HEAP] = "heap",
        [MEMPOOL_MISUSE_MAPPED] = "mapped",
        [MEMPOOL_MISUSE_UNMAPPED] = "unmapped",
        [MEMPOOL_MISUSE_TINY] = "tiny",
        [MEMPOOL_MISUSE_NON_CANONICAL] = "non-canonical",
        [MEMPOOL_MISUSE_DEAD_OBJECT] = "dead-object",
        [MEMPOOL_MISUSE_DEAD_POOL_GET] = "dead-pool-get",
        [MEMPOOL_MISUSE_DEAD_POOL_DESTROY] = "dead-pool-destroy",
        [MEMPOOL_MISUSE_NOT_A_POOL] = "not-a-pool",
        [MEMPOOL_MISUSE_LIVE_AT_DESTROY] = "live-at-destroy",
        [MEMPOOL_MISUSE_REENTERED] = "reentered",
        [MEMPOOL_MISUSE_BAD_SETTING] = "bad-setting",
    };
    for (int kind = 0; kind < MEMPOOL_MISUSE_KINDS; kind++) {
        assert_string_equal(mempool_misuse_name((enum mempool_misuse_kind)kind), names[kind]);
    }
    assert_null(mempool_misuse_name(MEMPOOL_MISUSE_KINDS));
    assert_null(mempool_misuse_name((enum mempool_misuse_kind)-1));
}

static void unknown_actions_are_refused(void **state) {
    (void)state;
    enum mempool_misuse_kind below = (enum mempool_misuse_kind)-1;
    enum mempool_misuse_kind above = (enum mempool_misuse_kind)(MEMPOOL_MISUSE_KINDS + 1);
    assert_int_equal(mempool_misuse_action_set(below, MEMPOOL_MISUSE_REPORT), -EINVAL);
    assert_int_equal(mempool_misuse_action_set(above, MEMPOOL_MISUSE_REPORT), -EINVAL);
    for (int action = 3; action < 6; action++) {
        assert_int_equal(mempool_misuse_action_set(MEMPOOL_MISUSE_TINY,
                                                   (enum mempool_misuse_action)action),
                         -EINVAL);
    }
    assert_int_equal(mempool_misuse_action_set(MEMPOOL_MISUSE_TINY, MEMPOOL_MISUSE_REPORT), 0);
}

static int n_called;

static void count_call(const struct mempool_misuse *misuse, void *argument) {
    CHECK(misuse != NULL && argument == &n_called);
    n_called++;
}

static void put_tiny(void) {
    mempool_put((void *)(uintptr_t)16);
}

static void put_non_canonical(void) {
    mempool_put((void *)(uintptr_t)0xdeadbeefdeadbeefu);
}

/* The callback shows which words of a setting took effect. */
static void settings_are_read_from_text(void **state) {
    (void)state;
    mempool_misuse_sink_set(-1);
    mempool_misuse_callback_set(count_call, &n_called);
    n_called = 0;
    put_tiny();
    assert_int_equal(n_called, 0);
    assert_int_equal(mempool_misuse_configure("tiny=callback"), 0);
    put_tiny();
    put_non_canonical();
    assert_int_equal(n_called, 1);
    assert_int_equal(mempool_misuse_configure("foreign=callback,tiny=report"), 0);
    put_tiny();
    put_non_canonical();
    assert_int_equal(n_called, 2);
    assert_int_equal(mempool_misuse_configure("all=report"), 0);
    put_tiny();
    put_non_canonical();
    assert_int_equal(n_called, 2);
    assert_int_equal(mempool_misuse_configure(""), 0);
    assert_int_equal(mempool_misuse_action_set(MEMPOOL_MISUSE_KINDS, MEMPOOL_MISUSE_CALLBACK), 0);
    put_tiny();
    put_non_canonical();
    assert_int_equal(n_called, 4);
}

static void unknown_words_are_refused_and_the_rest_honoured(void **state) {
    (void)state;
    static const char *const bad[] = {
        "tiny",         "tiny=",          "=report",       "tiny=ignore",
        "teeny=report", "tiny=reportage", "tin=report",    "TINY=report",
        "tiny=report=", "nonsense",       "tiny-=report", "all",
    };
    mempool_misuse_sink_set(-1);
    mempool_misuse_callback_set(NULL, NULL);
    assert_int_equal(mempool_misuse_configure("all=report"), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint64_t n_before = mempool_misuse_count(MEMPOOL_MISUSE_BAD_SETTING);
        assert_int_equal(mempool_misuse_configure(bad[i]), -EINVAL);
        assert_int_equal(mempool_misuse_count(MEMPOOL_MISUSE_BAD_SETTING), n_before + 1);
    }
    mempool_misuse_callback_set(count_call, &n_called);
    n_called = 0;
    uint64_t n_before = mempool_misuse_count(MEMPOOL_MISUSE_BAD_SETTING);
    assert_int_equal(mempool_misuse_configure("one=report,tiny=callback,heap=two,three"), -EINVAL);
    assert_int_equal(mempool_misuse_count(MEMPOOL_MISUSE_BAD_SETTING), n_before + 3);
    put_tiny();
    assert_int_equal(n_called, 1);
}

static void counts_add_up(void **state) {
    (void)state;
    mempool_misuse_sink_set(-1);
    mempool_misuse_callback_set(NULL, NULL);
    uint64_t n_tiny = mempool_misuse_count(MEMPOOL_MISUSE_TINY);
    uint64_t n_all = mempool_misuse_count(MEMPOOL_MISUSE_KINDS);
    for (int i = 0; i < 5; i++) {
        put_tiny();
        put_non_canonical();
    }
    assert_int_equal(mempool_misuse_count(MEMPOOL_MISUSE_TINY), n_tiny + 5);
    assert_int_equal(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), n_all + 10);
    uint64_t sum = 0;
    for (int kind = 0; kind < MEMPOOL_MISUSE_KINDS; kind++) {
        sum += mempool_misuse_count((enum mempool_misuse_kind)kind);
    }
    assert_int_equal(sum, n_all + 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_have_their_documented_names),
        cmocka_unit_test(unknown_actions_are_refused),
        cmocka_unit_test(settings_are_read_from_text),
        cmocka_unit_test(unknown_words_are_refused_and_the_rest_honoured),
        cmocka_unit_test(counts_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
