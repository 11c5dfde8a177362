/* SPDX-License-Identifier: MIT */
/* The parts of a GlusterFS statedump as text. */
#include "export/statedump_text.h"

#include <string.h>

enum { NAME_BYTES_MAX = 512 }; /* of names that were read somewhere */

void statedump_add_entry(struct text *text, const char *key, uint64_t value) {
    text_add(text, key);
    text_add(text, "=");
    text_add_unsigned(text, value);
    text_add(text, "\n");
}

void statedump_add_pool(struct text *text, const struct mempool_stats *stats, const char *name) {
    text_add(text, "-----=-----\npool-name=");
    text_add_bytes(text, name, strnlen(name, NAME_BYTES_MAX));
    text_add(text, "\n");
    statedump_add_entry(text, "hot-count", stats->hot);
    statedump_add_entry(text, "cold-count", stats->cold);
    statedump_add_entry(text, "padded_sizeof", stats->padded_bytes);
    statedump_add_entry(text, "alloc-count", stats->alloc_count);
    statedump_add_entry(text, "max-alloc", stats->max_alloc);
    statedump_add_entry(text, "pool-misses", stats->pool_misses);
    statedump_add_entry(text, "cur-stdalloc", stats->curr_stdalloc);
    statedump_add_entry(text, "max-stdalloc", stats->max_stdalloc);
}

void statedump_title(char ret[STATEDUMP_TITLE_BYTES], const char *name, uint32_t generation) {
    struct text text;
    text_init(&text, ret, STATEDUMP_TITLE_BYTES);
    text_add(&text, "component.");
    text_add(&text, name);
    if (generation > 1) {
        text_add(&text, "#");
        text_add_unsigned(&text, generation);
    }
}

static void add_title(struct text *text, const char *title) {
    text_add(text, "\n[");
    text_add(text, title);
}

void statedump_add_usage(struct text *text, const char *title, uint64_t n_types) {
    add_title(text, title);
    text_add(text, " - Memory usage]\n");
    statedump_add_entry(text, "num_types", n_types);
}

void statedump_add_type(struct text *text, const char *title,
                        const struct mempool_account *account) {
    add_title(text, title);
    text_add(text, " - usage-type ");
    text_add_bytes(text, account->type_name, strnlen(account->type_name, NAME_BYTES_MAX));
    text_add(text, " memusage]\n");
    statedump_add_entry(text, "size", account->live_bytes);
    statedump_add_entry(text, "num_allocs", account->live_blocks);
    statedump_add_entry(text, "max_size", account->peak_bytes);
    statedump_add_entry(text, "max_num_allocs", account->peak_blocks);
    statedump_add_entry(text, "total_allocs", account->total_blocks);
}

void statedump_add_ledger(struct text *text, const struct mempool_ledger *ledger) {
    statedump_add_entry(text, "resident", ledger->resident);
    statedump_add_entry(text, "live", ledger->live);
    statedump_add_entry(text, "padding", ledger->padding);
    statedump_add_entry(text, "cached", ledger->cached);
    statedump_add_entry(text, "free", ledger->free);
    statedump_add_entry(text, "untouched", ledger->untouched);
    statedump_add_entry(text, "records", ledger->records);
    statedump_add_entry(text, "libc-heap", ledger->libc_heap);
    statedump_add_entry(text, "files", ledger->files);
    statedump_add_entry(text, "stack", ledger->stack);
    statedump_add_entry(text, "named", ledger->named);
    statedump_add_entry(text, "unexplained", ledger->unexplained);
}
