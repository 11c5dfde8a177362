/* SPDX-License-Identifier: MIT */
/* Advice as a table, and why. */
#include <inttypes.h>

#include "cli/advice_report.h"
#include "cli/table.h"

static bool is_shown(const struct advice_report *report, const struct advice_pool *pool) {
    return report->is_all || pool->verdict != ADVICE_KEEP || pool->n_reasons > 0 ||
           pool->is_uncached != pool->is_uncached_now;
}

static void add_number(struct table *table, int64_t value) {
    if (value < 0) {
        table_cell(table, "-");
    } else {
        table_cell(table, "%" PRId64, value);
    }
}

static void add_thousandths(struct table *table, int value) {
    if (value < 0) {
        table_cell(table, "-");
    } else {
        table_cell(table, "%d.%d %%", value / 10, value % 10);
    }
}

static void add_pool(struct table *table, const struct advice_pool *pool) {
    table_row(table);
    table_cell(table, "%s", pool->name);
    table_cell(table, "%" PRIu64, pool->object_bytes);
    table_cell(table, "%" PRIu64, pool->slot_bytes);
    add_number(table, pool->steady);
    table_cell(table, "%" PRIu64, pool->peak);
    table_cell(table, "%" PRIu64, pool->count_now);
    table_cell(table, "%" PRIu64, pool->count);
    table_cell(table, "%s", advice_verdict_word(pool->verdict));
    table_cell(table, "%" PRId64, pool->saved_bytes / 1024);
    add_number(table, pool->limit > 0 ? (int64_t)pool->limit : -1);
    add_number(table, pool->magazine_rounds);
    add_thousandths(table, pool->hits_thousandths);
}

static int print_table(const struct advice_report *report, FILE *stream, uint32_t *ret_hidden) {
    struct table table = {
        .titles = {"pool", "object", "slot", "steady", "peak", "count now", "advised", "so",
                   "saves KiB", "limit?", "magazine", "hits"},
        .n_columns = 12,
        .is_left = {true, [7] = true},
    };
    for (uint32_t i = 0; i < report->advice->n_pools; i++) {
        if (is_shown(report, &report->advice->pools[i])) {
            add_pool(&table, &report->advice->pools[i]);
        } else {
            ++*ret_hidden;
        }
    }
    int result = table_print(&table, stream);
    table_release(&table);
    return result;
}

static void print_line(FILE *stream, const char *text) {
    for (; *text; text++) {
        fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, stream);
    }
}

static void print_reasons(const struct advice_report *report, FILE *stream) {
    for (uint32_t i = 0; i < report->advice->n_pools; i++) {
        const struct advice_pool *pool = &report->advice->pools[i];
        /* That nothing was got from it, the table says. */
        if (pool->n_reasons == 0 || pool->verdict == ADVICE_UNUSED) {
            continue;
        }
        fputc('\n', stream);
        print_line(stream, pool->name);
        fputc('\n', stream);
        for (unsigned k = 0; k < pool->n_reasons; k++) {
            fputs("    ", stream);
            print_line(stream, pool->reasons[k]);
            fputc('\n', stream);
        }
    }
}

int advice_report_table(const struct advice_report *report, FILE *stream) {
    const struct advice *advice = report->advice;
    uint32_t n_hidden = 0;
    fputs(report->is_trace ? "trace    " : "counters ", stream);
    print_line(stream, report->source);
    fprintf(stream, "\n         %.1f s, %" PRIu32 " pools\n\n", advice->seconds, advice->n_pools);
    int result = print_table(report, stream, &n_hidden);
    if (result != 0) {
        return result;
    }
    fprintf(stream,
            "\nCounts as they are keep %" PRIu64 " KiB of slabs ready, as advised %" PRIu64
            " KiB: %" PRId64 " KiB saved.\n",
            advice->slab_bytes_now >> 10, advice->slab_bytes >> 10, advice->saved_bytes / 1024);
    if (n_hidden > 0) {
        fprintf(stream, "%" PRIu32 " pool%s right as %s (--all shows %s).\n", n_hidden,
                n_hidden == 1 ? " is" : "s are", n_hidden == 1 ? "it is" : "they are",
                n_hidden == 1 ? "it" : "them");
    }
    print_reasons(report, stream);
    return 0;
}
