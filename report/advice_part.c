/* SPDX-License-Identifier: MIT */
/* The section about options. */
#include "report/advice_part.h"

#include "report/html.h"
#include "report/page.h"
#include "report/quantity.h"

enum {
    ROWS_MAX = 50,
};

static void add_row(struct html_table *table, const struct advice_pool *pool) {
    html_row(table);
    html_cell(table, pool->name);
    html_cell_count(table, (int64_t)pool->count_now);
    html_cell_count(table, (int64_t)pool->count);
    html_cell(table, advice_verdict_word(pool->verdict));
    html_cell_signed_bytes(table, (double)pool->saved_bytes);
    html_cell_count(table, pool->limit > 0 ? (int64_t)pool->limit : -1);
    html_cell_count(table, (int64_t)pool->slot_bytes);
    html_cell_bytes(table, (double)pool->padding_bytes);
    html_cell_count(table, pool->magazine_rounds);
    html_cell_share(table, pool->hits_thousandths);
}

static void write_reasons(const struct advice *advice, uint32_t n, FILE *stream) {
    html_raw(stream, "<ul class=\"reasons\">\n");
    for (uint32_t i = 0; i < n; i++) {
        const struct advice_pool *pool = &advice->pools[i];
        if (pool->n_reasons == 0 || pool->verdict == ADVICE_UNUSED) {
            continue;
        }
        html_raw(stream, "<li><b>");
        html_text(stream, pool->name);
        html_raw(stream, "</b>");
        for (unsigned k = 0; k < pool->n_reasons; k++) {
            html_raw(stream, " ");
            html_text(stream, pool->reasons[k]);
        }
        html_raw(stream, "</li>\n");
    }
    html_raw(stream, "</ul>\n");
}

void advice_part(const struct advice *advice, FILE *stream) {
    static const struct html_column columns[] = {
        {"pool", NULL, true},
        {"count now", "made ready, as asked for", false},
        {"advised", NULL, false},
        {"so", NULL, true},
        {"saves", "slabs that need not be kept", false},
        {"limit?", "for who wants one: the peak, a quarter, and room for caches", false},
        {"slot", "bytes of one", false},
        {"padding", "in the slots of the peak", false},
        {"magazine", "rounds: the smallest that makes 99 % hits, or the best", false},
        {"hits", "gets and puts without a lock, with those", false},
    };
    struct html_table table;
    uint32_t n = advice->n_pools < ROWS_MAX ? advice->n_pools : ROWS_MAX;
    if (advice->n_pools == 0) {
        return;
    }
    page_section_begin(stream, "advice", "What this use asks for",
                       "As mempool advise says; docs/advice.md tells how it is found.");
    html_table_begin(&table, stream, columns, sizeof(columns) / sizeof(columns[0]), "rows",
                     "Options of pools, most to save first");
    for (uint32_t i = 0; i < n; i++) {
        add_row(&table, &advice->pools[i]);
    }
    html_table_end(&table);
    html_raw(stream, "<p class=\"note\">");
    html_format(stream, "Counts as they are keep %s of slabs ready, ",
                quantity_bytes((double)advice->slab_bytes_now).text);
    html_format(stream, "as advised %s.", quantity_bytes((double)advice->slab_bytes).text);
    html_raw(stream, "</p>\n");
    write_reasons(advice, n, stream);
    page_section_end(stream);
}
