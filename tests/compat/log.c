/* SPDX-License-Identifier: MIT */
/* The log: the line's form, levels, callers, the program's own logger. */
#include "compat.h"

#include <ctype.h>
#include <time.h>
#include <unistd.h>

#define NOT_INLINE __attribute__((noinline))

static char written[16384];

/* What a piece of a test writes to standard error is in `written` afterwards. */
static int saved_stderr;
static FILE *capture;
static void capture_begin(void) {
    mempool_gf_log_set(NULL, NULL);
    saved_stderr = dup(2);
    capture = tmpfile();
    CHECK(capture != NULL && dup2(fileno(capture), 2) == 2);
}
static void capture_end(void) {
    dup2(saved_stderr, 2);
    close(saved_stderr);
    rewind(capture);
    written[fread(written, 1, sizeof written - 1, capture)] = '\0';
    fclose(capture);
}

/* In a pattern, 9 stands for a digit, and all else for itself. */
static size_t match(const char *text, const char *pattern) {
    size_t i = 0;
    while (pattern[i] != '\0') {
        bool same = pattern[i] == '9' ? isdigit((unsigned char)text[i]) : text[i] == pattern[i];
        if (!same) {
            print_error("at '%s' of\n%s\nwanted\n%s\n", text + i, text, pattern);
            fail();
        }
        i++;
    }
    return i;
}

static void lines_have_the_classics_form(void **state) {
    (void)state;
    char expected[128];
    capture_begin();
    int line = __LINE__ + 1;
    gf_log("dom", GF_LOG_INFO, "text %d", 17);
    capture_end();
    size_t at = match(written, "[9999-99-99 99:99:99.999999] I ");
    snprintf(expected, sizeof expected, "[log.c:%d:lines_have_the_classics_form] 0-dom: text 17\n",
             line);
    assert_string_equal(written + at, expected);
}

static void the_time_is_utc(void **state) {
    (void)state;
    char before[32], after[32];
    time_t now = time(NULL);
    strftime(before, sizeof before, "[%Y-%m-%d %H:%M:%S", gmtime(&now));
    capture_begin();
    gf_log("dom", GF_LOG_INFO, "x");
    capture_end();
    now = time(NULL);
    strftime(after, sizeof after, "[%Y-%m-%d %H:%M:%S", gmtime(&now));
    assert_true(memcmp(written, before, strlen(before)) >= 0);
    assert_true(memcmp(written, after, strlen(after)) <= 0);
}

/* Functions with names that the log must find. */
NOT_INLINE void log_innermost(void);
NOT_INLINE void log_inner(void);
NOT_INLINE void log_outer(void);
NOT_INLINE void log_outermost(void);
NOT_INLINE void put_nothing(void);
static volatile int depth;
void log_innermost(void) {
    gf_log_callingfn("dom", GF_LOG_ERROR, "%s", "from below");
    depth++;
}
void log_inner(void) {
    log_innermost();
    depth++;
}
void log_outer(void) {
    log_inner();
    depth++;
}
void log_outermost(void) {
    log_outer();
    depth++;
}
void put_nothing(void) {
    mem_put(NULL);
    depth++;
}

static bool is_caller(const char *callers, const char *before, const char *function) {
    char wanted[64];
    snprintf(wanted, sizeof wanted, "%s%s+0x", before, function);
    return strstr(callers, wanted) != NULL;
}

static void callers_are_three_and_the_nearest_is_last(void **state) {
    (void)state;
    log_outermost();
    const char *callers = log_seen.kept[0].callers;
    assert_true(is_caller(callers, "(-->", "log_outermost"));
    assert_true(is_caller(callers, " (-->", "log_outer"));
    assert_true(is_caller(callers, " (-->", "log_inner"));
    assert_null(strstr(callers, "log_innermost"));
    assert_memory_equal(callers, "(-->log_outermost+0x", 20);
    assert_string_equal(callers + strlen(callers) - 3, ")))");
    assert_string_equal(log_seen.kept[0].function, "log_innermost");
    char expected[2048];
    snprintf(expected, sizeof expected, ":log_innermost] %s 0-dom: from below\n", callers);
    assert_non_null(strstr(log_seen.kept[0].whole, expected));
    assert_logged(GF_LOG_ERROR, "dom", "from below");
    /* of the library's own messages the first is who called it */
    put_nothing();
    callers = log_seen.kept[0].callers;
    assert_true(is_caller(callers, " (-->", "put_nothing"));
    assert_null(strstr(callers, "mempool_gf_"));
    assert_non_null(strstr(strstr(callers, "put_nothing"), ")))"));
}

static void only_wanted_levels_are_logged(void **state) {
    (void)state;
    int evaluated = 0;
    assert_int_equal(gf_log_get_loglevel(), GF_LOG_INFO);
    gf_log("dom", GF_LOG_DEBUG, "%d", ++evaluated);
    gf_log_callingfn("dom", GF_LOG_TRACE, "%d", ++evaluated);
    assert_int_equal(mempool_gf_log("dom", "f", "g", 1, GF_LOG_DEBUG, "x"), 0);
    assert_nothing_logged();
    assert_int_equal(evaluated, 0);
    gf_log_set_loglevel(GF_LOG_TRACE);
    gf_log("dom", GF_LOG_TRACE, "%d", ++evaluated);
    assert_logged(GF_LOG_TRACE, "dom", "1");
    gf_log_set_loglevel(GF_LOG_ERROR);
    gf_log("dom", GF_LOG_WARNING, "%d", ++evaluated);
    assert_nothing_logged();
    gf_log("dom", GF_LOG_CRITICAL, "%d", ++evaluated);
    assert_logged(GF_LOG_CRITICAL, "dom", "2");
    gf_log("dom", GF_LOG_NONE, "never");
    assert_nothing_logged();
}

static void each_level_has_its_letter(void **state) {
    (void)state;
    static const char letters[] = "?MACEWNIDT";
    gf_log_set_loglevel(GF_LOG_TRACE);
    for (int level = GF_LOG_EMERG; level <= GF_LOG_TRACE; level++) {
        gf_log("dom", (gf_loglevel_t)level, "x");
        assert_int_equal(log_seen.kept[0].whole[29], letters[level]);
        log_seen.n = 0;
    }
}

static void what_is_null_is_not_logged(void **state) {
    (void)state;
    assert_int_equal(mempool_gf_log(NULL, "f", "g", 1, GF_LOG_INFO, "x"), -1);
    assert_int_equal(mempool_gf_log("d", NULL, "g", 1, GF_LOG_INFO, "x"), -1);
    assert_int_equal(mempool_gf_log_callingfn("d", "f", NULL, 1, GF_LOG_INFO, "x"), -1);
    assert_nothing_logged();
}

static void long_texts_are_cut_and_end_their_line(void **state) {
    (void)state;
    static char text[6000];
    memset(text, 'x', sizeof text - 1);
    capture_begin();
    errno = EXDEV;
    gf_log("dom", GF_LOG_INFO, "%s", text);
    assert_int_equal(errno, EXDEV);
    gf_log("dom", GF_LOG_INFO, "%m");
    capture_end();
    char *end = strchr(written, '\n');
    assert_non_null(end);
    assert_non_null(strstr(written, ": xxx"));
    assert_int_equal(strspn(strstr(written, ": xxx") + 2, "x"), 4095);
    assert_non_null(strstr(end, strerror(EXDEV)));
    capture_begin();
    gf_log(text, GF_LOG_INFO, "%s", text); /* not even the domain has room */
    capture_end();
    assert_int_equal(written[strlen(written) - 1], '\n');
    assert_int_equal(strcspn(written, "\n"), strlen(written) - 1);
}

/* Where CRITICAL is off, a misuse still is not silent. */
static void reports_are_never_lost(void **state) {
    (void)state;
    char local[64];
    capture_begin();
    gf_log_set_loglevel(GF_LOG_ALERT);
    mem_put(local);
    capture_end();
    assert_memory_equal(written, "mempool: misuse: stack ", 23);
}

/* A logger may use what it logs about. */
static struct mem_pool *logs_pool;
static void log_with_pool(const struct mempool_gf_log_message *message, void *arg) {
    unsigned *n = arg;
    void *object = mem_get(logs_pool);
    CHECK(object != NULL && message->text != NULL);
    mem_put(object);
    ++*n;
}

static void loggers_may_use_pools(void **state) {
    (void)state;
    unsigned n = 0;
    logs_pool = mem_pool_new(long, 1);
    mempool_gf_log_set(log_with_pool, &n);
    void *object = mem_get(logs_pool);
    mem_put(object);
    mem_put(object);
    mem_put(NULL);
    assert_int_equal(n, 2);
    mempool_gf_log_set(log_keep, &log_seen);
    mem_pool_destroy(logs_pool);
}

/* A logger that misuses is not called for that by itself. */
static void log_and_misuse(const struct mempool_gf_log_message *message, void *arg) {
    unsigned *n = arg;
    char local[64];
    CHECK(message->text != NULL && ++*n < 10);
    mempool_put(local);
}

static void loggers_do_not_log_their_own_misuses(void **state) {
    (void)state;
    unsigned n = 0;
    char local[64];
    capture_begin();
    mempool_gf_log_set(log_and_misuse, &n);
    mem_put(local);
    mempool_gf_log_set(NULL, NULL);
    capture_end();
    assert_int_equal(n, 1);
    assert_memory_equal(written, "mempool: misuse: stack ", 23);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        log_test(lines_have_the_classics_form),
        log_test(the_time_is_utc),
        log_test(callers_are_three_and_the_nearest_is_last),
        log_test(only_wanted_levels_are_logged),
        log_test(each_level_has_its_letter),
        log_test(what_is_null_is_not_logged),
        log_test(long_texts_are_cut_and_end_their_line),
        log_test(reports_are_never_lost),
        log_test(loggers_may_use_pools),
        log_test(loggers_do_not_log_their_own_misuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
