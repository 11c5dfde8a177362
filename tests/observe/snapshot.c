/* SPDX-License-Identifier: MIT */
/* mempool_snapshot's format, long names, and the report at a process's end. */
#include "unit.h"

#include "child.h"
#include "report.h"

#include <dlfcn.h>
#include <limits.h>
#include <sys/stat.h>

void *got_by_name(struct mempool *pool);

__attribute__((noinline)) void *got_by_name(struct mempool *pool) {
    void *object = mempool_get(pool);
    CHECK(object != NULL);
    return object;
}

/* As long as C++'s names get. */
#define PASTE_16(a) a##a##a##a##a##a##a##a##a##a##a##a##a##a##a##a
#define EXPAND_PASTE_16(a) PASTE_16(a)
#define LONG_NAME EXPAND_PASTE_16(LETTERS_93)
#define LETTERS_93 \
    letters_letters_letters_letters_letters_letters_letters_letters_letters_letters_letters_tenle

void *LONG_NAME(struct mempool *pool);

__attribute__((noinline)) void *LONG_NAME(struct mempool *pool) {
    void *object = mempool_get(pool);
    CHECK(object != NULL);
    return object;
}

#define HEAD "mempool-snapshot 2\nbytes count oldest-s what site image offset build-id\n"

/* The columns of one line; the clock may have gone on, so the age is not among them. */
struct line {
    unsigned long long bytes, count;
    char what[64], site[128], image[PATH_MAX], offset[32], build_id[256];
};

static struct line line_with(const char *text, const char *what) {
    struct line line;
    const char *at = strstr(text, what);
    CHECK(at != NULL);
    while (at > text && at[-1] != '\n') {
        at--;
    }
    int n = sscanf(at, "%llu\t%llu\t%*u\t%63[^\t]\t%127[^\t]\t%4095[^\t]\t%31[^\t]\t%255[^\n]\n",
                   &line.bytes, &line.count, line.what, line.site, line.image, line.offset,
                   line.build_id);
    CHECK_EQUAL(n, 7);
    return line;
}

/* What the linker says of the program itself. */
static void check_place(const struct line *line, uintptr_t site) {
    char path[PATH_MAX], offset[32];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    CHECK(n > 0);
    path[n] = '\0';
    CHECK(strcmp(line->image, path) == 0);
    Dl_info info;
    CHECK(dladdr((void *)site, &info) != 0);
    snprintf(offset, sizeof offset, "0x%llx",
             (unsigned long long)(site - (uintptr_t)info.dli_fbase));
    CHECK(strcmp(line->offset, offset) == 0);
    CHECK(strcmp(line->build_id, "-") == 0 ||
          strspn(line->build_id, "0123456789abcdef") == strlen(line->build_id));
}

static int format(void *unused) {
    char site[64];
    (void)unused;
    CHECK(strcmp(snapshot(), HEAD "end 0\n") == 0);
    struct mempool *pool = pool_of(64), *tabbed = pool_of_options(&NAMED_POOL_OPTIONS(
        "a\tb\nc\\", .object_bytes = 1000));
    (void)got_by_name(tabbed);
    void *object = NULL;
    for (int i = 0; i < 3; i++) {
        object = got_by_name(pool);
    }
    const char *text = snapshot();
    CHECK(strncmp(text, HEAD "1000\t1\t", strlen(HEAD) + 7) == 0);
    CHECK(strcmp(strchr(text, '\0') - strlen("\nend 2\n"), "\nend 2\n") == 0);
    struct line first = line_with(text, "test:a"), second = line_with(text, "test:thing");
    CHECK_EQUAL(first.bytes, 1000);
    CHECK_EQUAL(first.count, 1);
    CHECK(strcmp(first.what, "test:a?b?c\\x5c") == 0);
    CHECK_EQUAL(second.bytes, 192);
    CHECK_EQUAL(second.count, 3);
    CHECK(strcmp(second.what, "test:thing") == 0);
    uintptr_t address = address_description(object).site;
    snprintf(site, sizeof site, "got_by_name+0x%llx",
             (unsigned long long)(address - (uintptr_t)got_by_name));
    CHECK(strcmp(first.site, site) == 0 && strcmp(second.site, site) == 0);
    check_place(&first, address);
    check_place(&second, address);
    return 0;
}

static void the_format_is_as_documented(void **state) {
    (void)state;
    assert_int_equal(child_status(format, NULL), 0);
}

/* Each line stays one, however long its names. */
static int long_names(void *unused) {
    enum { N_POOLS = 40 };
    (void)unused;
    for (int i = 0; i < N_POOLS; i++) {
        char name[32];
        snprintf(name, sizeof name, "number%d", i);
        (void)LONG_NAME(pool_of_options(&NAMED_POOL_OPTIONS(name, .object_bytes = 64)));
    }
    const char *text = snapshot();
    unsigned lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    CHECK_EQUAL(lines, 3 + N_POOLS);
    for (int i = 0; i < N_POOLS; i++) {
        char name[48];
        snprintf(name, sizeof name, "\ttest:number%d\t", i);
        CHECK_EQUAL(report_row(text, name, "letters_letters").count, 1);
    }
    text = leak_report(LEAK_OPTIONS(.top = 100));
    CHECK_EQUAL(number_at(text, "shown="), N_POOLS);
    CHECK_EQUAL(report_row(text, " test:number7 ", "letters_letters").bytes, 64);
    return 0;
}

static void long_names_stay_in_their_line(void **state) {
    (void)state;
    assert_int_equal(child_status(long_names, NULL), 0);
}

/* ---- at the end ------------------------------------------------------------------------------ */

struct ending {
    const char *setting; /* NULL: unset */
    int err;             /* takes the place of standard error */
    bool is_used;        /* the library, at all */
};

static int end_with_leak(void *argument) {
    const struct ending *ending = argument;
    if (ending->setting != NULL) {
        setenv("MEMPOOL_LEAKS_AT_EXIT", ending->setting, 1);
    } else {
        unsetenv("MEMPOOL_LEAKS_AT_EXIT");
    }
    CHECK(dup2(ending->err, STDERR_FILENO) == STDERR_FILENO);
    if (ending->is_used) {
        (void)got_by_name(pool_of(64));
    }
    return 0;
}

static const char *at_end(const char *setting, bool is_used) {
    struct ending ending = {setting, report_open(), is_used};
    assert_int_equal(child_status(end_with_leak, &ending), 0);
    return report_text(ending.err);
}

static void a_report_is_made_at_the_end(void **state) {
    (void)state;
    const char *text = at_end("1", true);
    assert_non_null(strstr(text, "mempool: live: count=1 bytes=64 call-sites=1 shown=1\n"));
    check_row(text, "test:thing", " got_by_name+0x", 1, 64);
    assert_string_equal(at_end("1", false), "");
    assert_string_equal(at_end("0", true), "");
    assert_string_equal(at_end("", true), "");
    assert_string_equal(at_end(NULL, true), "");
}

static void a_report_goes_to_a_file(void **state) {
    (void)state;
    char path[64];
    struct stat status;
    snprintf(path, sizeof path, "/tmp/mempool-test-%ld.leaks", (long)getpid());
    assert_string_equal(at_end(path, true), "");
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &status), 0);
    assert_int_equal(unlink(path), 0);
    check_row(report_text(fd), "test:thing", " got_by_name+0x", 1, 64);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_string_equal(at_end("/nonexistent/file", true), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_format_is_as_documented),
        cmocka_unit_test(long_names_stay_in_their_line),
        cmocka_unit_test(a_report_is_made_at_the_end),
        cmocka_unit_test(a_report_goes_to_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
