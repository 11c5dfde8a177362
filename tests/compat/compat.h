/* SPDX-License-Identifier: MIT */
/* The log as a test sees it, and translators to stand in. */
#ifndef TESTS_COMPAT_COMPAT_H
#define TESTS_COMPAT_COMPAT_H

#include "unit.h"

#include <mempool/glusterfs.h>

#include <stdio.h>

enum { LOG_KEPT = 8, LOG_BYTES = 3000 };

/* The last messages, newest last. */
struct log_seen {
    unsigned n; /* ever */
    struct {
        gf_loglevel_t level;
        char domain[64], function[64], callers[800], text[LOG_BYTES], whole[LOG_BYTES + 1300];
    } kept[LOG_KEPT];
};
static struct log_seen log_seen;
static char translator_type[] = "test/translator";

static inline void log_keep(const struct mempool_gf_log_message *message, void *arg) {
    struct log_seen *seen = arg;
    unsigned at = seen->n++ % LOG_KEPT;
    CHECK_EQUAL(message->struct_size, sizeof *message);
    seen->kept[at].level = message->level;
    snprintf(seen->kept[at].domain, sizeof seen->kept[at].domain, "%s", message->domain);
    snprintf(seen->kept[at].function, sizeof seen->kept[at].function, "%s", message->function);
    snprintf(seen->kept[at].callers, sizeof seen->kept[at].callers, "%s", message->callers);
    snprintf(seen->kept[at].text, sizeof seen->kept[at].text, "%s", message->text);
    snprintf(seen->kept[at].whole, sizeof seen->kept[at].whole, "%s", message->whole);
}

static inline int log_start(void **state) {
    (void)state;
    (void)translator_type; /* for tests without translators */
    memset(&log_seen, 0, sizeof log_seen);
    mempool_gf_log_set(log_keep, &log_seen);
    gf_log_set_loglevel(GF_LOG_INFO);
    return 0;
}

static inline int log_stop(void **state) {
    (void)state;
    mempool_gf_log_set(NULL, NULL);
    gf_log_set_loglevel(GF_LOG_INFO);
    THIS = NULL;
    return 0;
}

#define log_test(function) cmocka_unit_test_setup_teardown(function, log_start, log_stop)

/* There was exactly one message since the last look, and it was this. */
#define assert_logged(at_level, of_domain, the_text)                                               \
    do {                                                                                           \
        assert_int_equal(log_seen.n, 1);                                                           \
        assert_int_equal(log_seen.kept[0].level, at_level);                                        \
        assert_string_equal(log_seen.kept[0].domain, of_domain);                                   \
        assert_string_equal(log_seen.kept[0].text, the_text);                                      \
        log_seen.n = 0;                                                                            \
    } while (0)
#define assert_nothing_logged() assert_int_equal(log_seen.n, 0)

#define TRANSLATOR(its_name)                                                                       \
    { .name = (its_name), .type = translator_type }

#endif
