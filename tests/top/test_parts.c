/* SPDX-License-Identifier: MIT */
/* Small parts: numbers as text, grids, sparklines, columns, budgets. */
#include "check.h"
#include "cli/top/budget.h"
#include "cli/top/column.h"
#include "cli/top/format.h"
#include "cli/top/grid.h"
#include "cli/top/spark.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void is_text(void (*format)(char *, double), double value, const char *wanted) {
    char text[TOP_NUMBER_BYTES];
    format(text, value);
    if (strcmp(text, wanted) != 0) {
        fprintf(stderr, "%g is '%s', not '%s'\n", value, text, wanted);
        exit(1);
    }
}

static void test_numbers(void) {
    is_text(top_format_count, 0, "0");
    is_text(top_format_count, 99999, "99999");
    is_text(top_format_count, 100000, "100k");
    is_text(top_format_count, 999499, "999k");
    is_text(top_format_count, 999500, "1.00M");
    is_text(top_format_count, 1234567890, "1.23G");
    is_text(top_format_count, 1.8e19, "18.0E");
    is_text(top_format_count, NAN, "-");
    is_text(top_format_bytes, 1023, "1023B");
    is_text(top_format_bytes, 1024, "1.00KiB");
    is_text(top_format_bytes, 10230, "9.99KiB");
    is_text(top_format_bytes, 10239, "10.0KiB");
    is_text(top_format_bytes, 1023.4 * 1024, "1023KiB");
    is_text(top_format_bytes, 1023.6 * 1024, "1.00MiB");
    is_text(top_format_bytes, 1.8e19, "15.6EiB");
    is_text(top_format_growth, 0, "0");
    is_text(top_format_growth, -2048, "-2.00KiB");
    is_text(top_format_growth, 100, "+100B");
    is_text(top_format_rate, 0, "0");
    is_text(top_format_rate, 0.01, "<0.1");
    is_text(top_format_rate, 3.14, "3.1");
    is_text(top_format_rate, 9.96, "10");
    is_text(top_format_rate, 123456, "123k");
    is_text(top_format_share, 0.1234, "12.3%");
    is_text(top_format_share, 1, "100%");
    is_text(top_format_share, NAN, "-");
    is_text(top_format_seconds, 59.9, "59s");
    is_text(top_format_seconds, 545, "9m05s");
    is_text(top_format_seconds, 3600 * 23 + 59 * 60, "23h59m");
    is_text(top_format_seconds, 86400 * 12 + 3 * 3600, "12d03h");
    is_text(top_format_seconds, 86400.0 * 123, "123d");
    is_text(top_format_seconds, -1, "-");
}

/* No value is wider than its column, whatever it is. */
static void test_widths(void) {
    for (int exponent = 0; exponent < 640; exponent++) {
        double value = pow(2, exponent / 10.0);
        char text[TOP_NUMBER_BYTES];
        for (int column = 0; column < TOP_COLUMNS; column++) {
            const struct top_column_kind *kind = &top_columns_known[column];
            bool is_bounded = kind->kind != TOP_KIND_TEXT && kind->kind != TOP_KIND_NUMBER;
            if (kind->kind == TOP_KIND_SHARE && value > 1) {
                continue;
            }
            top_column_format((enum top_column)column, value, text);
            CHECK(!is_bounded || strlen(text) <= (size_t)kind->width);
            if (kind->kind == TOP_KIND_GROWTH) {
                top_column_format((enum top_column)column, -value, text);
                CHECK(strlen(text) <= (size_t)kind->width);
            }
        }
    }
}

static void test_columns(void) {
    for (int view = 0; view < TOP_VIEWS; view++) {
        const struct top_view_kind *kind = &top_views_known[view];
        CHECK(top_find_view(kind->word) == view);
        CHECK(kind->columns[0] == TOP_NAME);
        for (size_t i = 0; i < kind->n_columns; i++) {
            const struct top_column_kind *column = &top_columns_known[kind->columns[i]];
            CHECK(strlen(column->title) <= (size_t)column->width);
            for (size_t j = 0; j < i; j++) {
                /* Each letter sorts by one. */
                char other = top_columns_known[kind->columns[j]].letter;
                CHECK(column->letter == 0 || column->letter != other);
            }
            CHECK(column->letter == 0 || strchr("qphrazxy", column->letter) == NULL);
        }
    }
    CHECK(top_find_view("nothing") == -1);
    CHECK(top_find_column(TOP_POOLS, "bytes") == TOP_BYTES);
    CHECK(top_find_column(TOP_THREADS, "bytes") == TOP_CACHED_BYTES);
    CHECK(top_find_column(TOP_POOLS, "oldest") == -1);
    CHECK(top_find_column(TOP_POOLS, "trend") == -1);
}

static const char *line_of(const struct top_grid *grid, int y) {
    static char line[512];
    size_t n = 0;
    for (int x = 0; x < grid->width; x++) {
        uint32_t glyph = grid->cells[y * grid->width + x].glyph;
        n += glyph ? top_encode(glyph, line + n) : 0;
    }
    line[n] = '\0';
    return line;
}

static void test_grid(bool has_unicode) {
    struct top_grid grid = {.is_ascii = false};
    CHECK(top_grid_resize(&grid, 10, 3) == 0);
    CHECK(top_put(&grid, 2, 0, TOP_PLAIN, 4, "abcdef") == 6);
    CHECK(strcmp(line_of(&grid, 0), "  abcd    ") == 0);
    CHECK(top_put(&grid, 8, 1, TOP_PLAIN, 9, "abcdef") == 10);
    CHECK(strcmp(line_of(&grid, 1), "        ab") == 0);
    top_put(&grid, 0, 7, TOP_PLAIN, 5, "outside");
    top_put(&grid, -3, 2, TOP_PLAIN, 9, "abcdef");
    CHECK(strcmp(line_of(&grid, 2), "def       ") == 0);
    top_put_right(&grid, 0, 2, TOP_PLAIN, 10, "xyz");
    CHECK(strcmp(line_of(&grid, 2), "def    xyz") == 0);
    /* Control characters are left out, and what is no UTF-8 is marked. */
    CHECK(top_grid_resize(&grid, 10, 1) == 0);
    top_put(&grid, 0, 0, TOP_PLAIN, 10,
            "a\x1b[b\xff"
            "c\xc3");
    CHECK(strcmp(line_of(&grid, 0), "a[b?c?    ") == 0);
    if (has_unicode) {
        CHECK(top_grid_resize(&grid, 6, 1) == 0);
        /* Two columns each: the third has no room for its second. */
        CHECK(top_put(&grid, 0, 0, TOP_PLAIN, 5, "漢字漢") == 4);
        CHECK(strcmp(line_of(&grid, 0), "漢字  ") == 0);
        CHECK(top_columns("漢é") == 3);
        grid.is_ascii = true;
        top_put(&grid, 0, 0, TOP_PLAIN, 6, "é漢x  ");
        CHECK(strncmp(line_of(&grid, 0), "??x", 3) == 0);
    }
    top_grid_free(&grid);
}

static void test_spark(void) {
    struct top_grid grid = {.is_ascii = true};
    const float rising[] = {NAN, 0, 1, 2, 3, 4, 5, 6, 7}, flat[] = {5, 5, 5}, none[] = {0, 0, 0};
    CHECK(top_grid_resize(&grid, 9, 1) == 0);
    top_spark(&grid, 0, 0, rising, 9);
    CHECK(strcmp(line_of(&grid, 0), " _.-:=+*#") == 0);
    CHECK(top_grid_resize(&grid, 9, 1) == 0);
    top_spark(&grid, 0, 0, flat, 3);
    top_spark(&grid, 4, 0, none, 3);
    CHECK(strcmp(line_of(&grid, 0), "::: ___  ") == 0);
    CHECK(top_grid_resize(&grid, 9, 1) == 0);
    top_bar(&grid, 0, 0, 8, 0.5);
    CHECK(strcmp(line_of(&grid, 0), "####     ") == 0);
    grid.is_ascii = false;
    top_spark(&grid, 0, 0, rising + 1, 8);
    CHECK(strncmp(line_of(&grid, 0), "▁▂▃▄▅▆▇█", 24) == 0);
    top_grid_free(&grid);
}

static void test_budget(void) {
    const int64_t second_ns = 1000000000;
    struct top_budget budget = {.share = 0.05};
    CHECK(top_budget_allows(&budget, 0));
    top_budget_spend(&budget, second_ns, second_ns); /* the first may be dear */
    CHECK(top_budget_allows(&budget, 6 * second_ns));
    top_budget_spend(&budget, 6 * second_ns, second_ns / 10);
    CHECK(!top_budget_allows(&budget, 8 * second_ns - 1));
    CHECK(top_budget_allows(&budget, 8 * second_ns));
}

int main(void) {
    bool has_unicode = setlocale(LC_CTYPE, "C.UTF-8") != NULL;
    test_numbers();
    test_widths();
    test_columns();
    test_grid(has_unicode);
    test_spark();
    test_budget();
    return 0;
}
