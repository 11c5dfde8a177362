/* SPDX-License-Identifier: MIT */
/* mempool_dump: where it writes, and what it does when it cannot. Its text is tests/golden's. */
#include "unit.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <unistd.h>

static size_t read_dump(char *text, size_t n_bytes) {
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(mempool_dump(fileno(file)), 0);
    rewind(file);
    size_t n = fread(text, 1, n_bytes - 1, file);
    text[n] = '\0';
    fclose(file);
    return n;
}

static void empty_process_has_an_empty_section(void **state) {
    (void)state;
    char text[1000];
    read_dump(text, sizeof text);
    assert_string_equal(text, "\n[mempool]\n");
}

static void each_pool_is_there_once(void **state) {
    (void)state;
    enum { N_POOLS = 300 };
    static char text[N_POOLS * 1000];
    struct mempool *pools[N_POOLS];
    char name[32];
    for (size_t i = 0; i < N_POOLS; i++) {
        snprintf(name, sizeof name, "number%zu", i);
        pools[i] = pool_of_options(&NAMED_POOL_OPTIONS(name, .object_bytes = 64));
    }
    read_dump(text, sizeof text);
    const char *place = text;
    for (size_t i = N_POOLS; i-- > 0;) {
        snprintf(name, sizeof name, "\npool-name=test:number%zu\n", i);
        const char *found = strstr(place, name);
        assert_non_null(found);
        place = found + 1;
        assert_null(strstr(place, name));
    }
    for (size_t i = 0; i < N_POOLS; i++) {
        assert_int_equal(mempool_destroy(pools[i]), 0);
    }
    empty_process_has_an_empty_section(state);
}

static void nothing_is_allocated(void **state) {
    (void)state;
    struct mempool *pool = pool_of(64);
    int fd = open("/dev/null", O_WRONLY);
    assert_true(fd >= 0);
    mempool_dump(fd);
    struct mallinfo2 before = mallinfo2();
    for (int i = 0; i < 100; i++) {
        assert_int_equal(mempool_dump(fd), 0);
    }
    struct mallinfo2 after = mallinfo2();
    assert_int_equal(after.uordblks, before.uordblks);
    assert_int_equal(after.hblkhd, before.hblkhd);
    close(fd);
    assert_int_equal(mempool_destroy(pool), 0);
}

static void write_errors_are_returned(void **state) {
    (void)state;
    struct mempool *pool = pool_of(64);
    int ends[2], full = open("/dev/full", O_WRONLY);
    assert_int_equal(mempool_dump(-1), -EBADF);
    if (full >= 0) {
        assert_int_equal(mempool_dump(full), -ENOSPC);
        close(full);
    }
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_int_equal(mempool_dump(ends[1]), -EPIPE);
    close(ends[1]);
    void *object = mempool_get(pool);
    assert_non_null(object);
    mempool_put(object);
    assert_int_equal(mempool_destroy(pool), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_process_has_an_empty_section),
        cmocka_unit_test(each_pool_is_there_once),
        cmocka_unit_test(nothing_is_allocated),
        cmocka_unit_test(write_errors_are_returned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
