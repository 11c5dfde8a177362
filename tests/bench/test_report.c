/* SPDX-License-Identifier: MIT */
/* The text report of made-up measurements: aligned, and nothing left out. */
#include "bench/report_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct peer_list peers;
static struct results results;

static void measure(size_t case_index, size_t peer, double first, double second) {
    struct measurement *measurement = &results.measurements[case_index][peer];
    results.chosen[case_index] = true;
    measurement->state = MEASUREMENT_DONE;
    measurement->n = 2;
    measurement->samples[0] = first;
    measurement->samples[1] = second;
}

static int begin(void **state) {
    (void)state;
    memset(&results, 0, sizeof(results));
    memset(&peers, 0, sizeof(peers));
    peers.n = 3;
    (void)snprintf(peers.peers[0].name, PEER_NAME_BYTES, "mempool");
    (void)snprintf(peers.peers[1].name, PEER_NAME_BYTES, "glibc");
    (void)snprintf(peers.peers[2].name, PEER_NAME_BYTES, "absent");
    peers.peers[0].available = true;
    peers.peers[1].available = true;
    (void)snprintf(peers.peers[2].hello.reason, sizeof(peers.peers[2].hello.reason),
                   "not installed");
    results.peers = &peers;
    return 0;
}

/* What a report writes. Not local where it is opened: gcc -O3 would take what it points to for a
 * variable that is gone. */
static char *written;
static size_t written_bytes;

static FILE *open_written(void) {
    FILE *out = open_memstream(&written, &written_bytes);
    assert_non_null(out);
    return out;
}

/* The text; free it. */
static char *close_written(FILE *out) {
    assert_int_equal(fclose(out), 0);
    return written;
}

static char *body(void) {
    FILE *out = open_written();
    report_text_body(out, &results);
    return close_written(out);
}

static size_t characters(const char *line, size_t bytes) {
    size_t n = 0;
    for (size_t i = 0; i < bytes; i++) {
        n += ((unsigned char)line[i] & 0xc0) != 0x80;
    }
    return n;
}

/* The line that begins so: its width in characters. */
static size_t width_of_line(const char *text, const char *beginning) {
    const char *at = strstr(text, beginning);
    assert_non_null(at);
    assert_true(at == text || at[-1] == '\n');
    return characters(at, strcspn(at, "\n"));
}

static void test_rows_are_aligned(void **state) {
    (void)state;
    measure(0, 0, 5.0, 5.0);
    measure(0, 1, 12345.0, 99999.0);
    measure(1, 0, 0.25, 99.0);
    measure(1, 1, 7.0, 7.0);
    char *text = body();
    size_t width = width_of_line(text, "case/bytes");
    assert_int_equal(width_of_line(text, bench_cases[0].name), width);
    assert_int_equal(width_of_line(text, bench_cases[1].name), width);
    assert_null(strstr(text, bench_cases[2].name)); /* not asked for */
    assert_null(strstr(text, "absent"));            /* no column for who is not there */
    free(text);
}

static void test_figures(void **state) {
    (void)state;
    measure(0, 0, 5.0, 5.0);
    measure(0, 1, 8.0, 12.0);
    char *text = body();
    assert_non_null(strstr(text, "5.00 \u00b1 0%"));
    /* quartiles 9 and 11 round 10 */
    assert_non_null(strstr(text, "10.0 \u00b110%"));
    assert_non_null(strstr(text, "glibc   0.50\n"));
    free(text);
}

static void test_failures_and_skips_are_told(void **state) {
    (void)state;
    measure(0, 0, 5.0, 5.0);
    results.measurements[0][1].state = MEASUREMENT_FAILED;
    (void)snprintf(results.measurements[0][1].reason, REASON_BYTES, "it fell over");
    results.chosen[1] = true;
    results.skipped[1] = "needs two CPUs";
    char *text = body();
    char wanted[256];
    (void)snprintf(wanted, sizeof(wanted), "failed: %s, glibc: it fell over\n",
                   bench_cases[0].name);
    assert_non_null(strstr(text, wanted));
    (void)snprintf(wanted, sizeof(wanted), "%s: not run: needs two CPUs\n", bench_cases[1].name);
    assert_non_null(strstr(text, wanted));
    free(text);
}

static void test_list_names_all(void **state) {
    (void)state;
    FILE *out = open_written();
    report_text_list(out, &peers);
    char *text = close_written(out);
    for (size_t i = 0; i < bench_n_cases; i++) {
        assert_non_null(strstr(text, bench_cases[i].name));
    }
    assert_non_null(strstr(text, "absent     not installed\n"));
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_rows_are_aligned, begin),
        cmocka_unit_test_setup(test_figures, begin),
        cmocka_unit_test_setup(test_failures_and_skips_are_told, begin),
        cmocka_unit_test_setup(test_list_names_all, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
