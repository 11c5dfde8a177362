/* SPDX-License-Identifier: MIT */
/* A snapshot as GlusterFS's statedump: the text of mempool_statedump for the same numbers, without
 * what no snapshot has: [mallinfo], and a line for each named mapping. */
#include "export/export.h"
#include "export/statedump_text.h"

#include <stddef.h>

/* One part on its way. */
struct part {
    struct text text;
    char buffer[STATEDUMP_PART_BYTES];
};

static struct text *begin(struct part *part) {
    text_init(&part->text, part->buffer, sizeof part->buffer);
    return &part->text;
}

static void end(struct part *part, struct export_output *output) {
    export_bytes(output, part->buffer, part->text.length);
}

static void add_type(const struct snapshot_account *account, const char *title,
                     struct export_output *output) {
    struct part part;
    struct mempool_account numbers = {
        .type_name = account->type,
        .live_bytes = account->live_bytes,
        .live_blocks = account->live_blocks,
        .peak_bytes = account->peak_bytes,
        .peak_blocks = account->peak_blocks,
        .total_blocks = account->total_blocks,
    };
    statedump_add_type(begin(&part), title, &numbers);
    end(&part, output);
}

static void add_component(const struct snapshot *snapshot, int32_t index,
                          struct export_output *output) {
    const struct snapshot_component *component = &snapshot->components[index];
    uint64_t n_types = 0;
    for (size_t i = 0; i < snapshot->n_accounts; i++) {
        n_types += snapshot->accounts[i].component == index;
    }
    if (n_types == 0) {
        return;
    }
    char title[STATEDUMP_TITLE_BYTES];
    struct part part;
    statedump_title(title, component->name, component->generation);
    statedump_add_usage(begin(&part), title, n_types);
    end(&part, output);
    for (size_t i = 0; i < snapshot->n_accounts; i++) {
        if (snapshot->accounts[i].component == index) {
            add_type(&snapshot->accounts[i], title, output);
        }
    }
}

static void add_pool(const struct snapshot_pool *pool, struct export_output *output) {
    struct part part;
    struct mempool_stats stats = {
        .hot = pool->hot,
        .cold = pool->cold,
        .padded_bytes = (size_t)pool->padded_bytes,
        .alloc_count = pool->alloc_count,
        .max_alloc = pool->max_alloc,
        .pool_misses = pool->pool_misses,
        .curr_stdalloc = pool->curr_stdalloc,
        .max_stdalloc = pool->max_stdalloc,
    };
    statedump_add_pool(begin(&part), &stats, pool->name);
    end(&part, output);
}

static void add_ledger(const struct snapshot_ledger *ledger, struct export_output *output) {
    struct part part;
    struct mempool_ledger numbers = {
        .resident = ledger->resident,
        .live = ledger->live,
        .padding = ledger->padding,
        .cached = ledger->cached,
        .free = ledger->free,
        .untouched = ledger->untouched,
        .records = ledger->records,
        .libc_heap = ledger->libc_heap,
        .files = ledger->files,
        .stack = ledger->stack,
        .named = ledger->named,
        .unexplained = ledger->unexplained,
    };
    export_text(output, STATEDUMP_LEDGER);
    statedump_add_ledger(begin(&part), &numbers);
    end(&part, output);
}

void export_statedump(const struct snapshot *snapshot, struct export_output *output) {
    for (size_t i = 0; i < snapshot->n_components; i++) {
        add_component(snapshot, (int32_t)i, output);
    }
    export_text(output, STATEDUMP_POOLS);
    for (size_t i = 0; i < snapshot->n_pools; i++) {
        if (snapshot->pools[i].kind == SNAPSHOT_POOL) {
            add_pool(&snapshot->pools[i], output);
        }
    }
    if (snapshot->ledger.is_known) {
        add_ledger(&snapshot->ledger, output);
    }
}
