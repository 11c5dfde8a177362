/* SPDX-License-Identifier: MIT */
/* Writes the results of `mempool replay` as tables. */
#include "cli/replay_report.h"

#include <inttypes.h>

#include "cli/table.h"

static unsigned long long kibibytes(uint64_t bytes) {
    return (unsigned long long)((bytes + 1023) / 1024);
}

static double percent(uint32_t part, uint32_t whole) {
    return whole ? 100.0 * part / whole : 0;
}

static void print_facts(const struct replay_job *job, FILE *stream) {
    const struct trace *trace = job->trace;
    fprintf(stream,
            "trace   %s\n"
            "        %u events of %u threads: %u gets (%.0f %% zeroed) from %u pools, %u puts\n",
            trace->path, trace->n_events, trace->n_threads, trace->n_gets,
            percent(trace->n_zeroed_gets, trace->n_gets), trace->n_pools, trace->n_puts);
    if (trace->n_sites > 0) {
        fprintf(stream, "        %u mallocs (%.0f %% zeroed) at %u sites, %u reallocs, %u frees\n",
                trace->n_allocations, percent(trace->n_zeroed_allocations, trace->n_allocations),
                trace->n_sites, trace->n_reallocations, trace->n_frees);
    }
    fprintf(stream, "        at most %u objects live (%llu KiB), %u at the end\n",
            trace->peak_live_objects, kibibytes(trace->peak_live_bytes), trace->live_at_end);
    fprintf(stream, "replay  %u worker%s, %u round%s", job->plan->n_workers,
            job->plan->n_workers == 1 ? "" : "s", job->arguments->rounds,
            job->arguments->rounds == 1 ? "" : "s");
    if (job->plan->n_workers > 1) {
        fprintf(stream, "; %u times an object went from one worker to another",
                job->plan->n_crossings);
    }
    fputs("\n\n", stream);
}

static void add_result(struct table *table, const struct replay_job *job,
                       const struct replay_result *result) {
    table_row(table);
    table_cell(table, "%s", result->contender->name);
    table_cell(table, "%.1f", result->ns.median);
    table_cell(table, "%.1f %%", 100 * spread_relative(&result->ns));
    table_cell(table, "%.2f", replay_job_ratio(job, result));
    if (result->has_resident) {
        table_cell(table, "%llu KiB", kibibytes(result->resident.peak_growth_bytes));
        table_cell(table, "%llu KiB", kibibytes(result->resident.end_growth_bytes));
        table_cell(table, "%llu KiB", kibibytes(job->trace->peak_live_bytes));
    } else {
        for (int i = 0; i < 3; i++) {
            table_cell(table, "-");
        }
    }
}

static int print_results(const struct replay_job *job, FILE *stream) {
    struct table table = {
        .titles = {"contender", "ns/pair", "spread", "vs mempool", "peak growth", "end growth",
                   "peak live"},
        .n_columns = 7,
        .is_left = {true},
    };
    for (unsigned i = 0; i < job->arguments->n_contenders; i++) {
        add_result(&table, job, &job->results[i]);
    }
    int result = table_print(&table, stream);
    table_release(&table);
    fputs("\nns/pair: nanoseconds for a get and its put, or a malloc and its free: median of the\n"
          "rounds, the replay's own work included. spread: distance of the quartiles. vs mempool:\n"
          "above 1 is slower than ours. growth: resident memory above that before the pools were\n"
          "made; peak live: what the objects alone need.\n",
          stream);
    return result;
}

static void add_pool(struct table *table, const struct mempool_stats *pool) {
    const uint64_t numbers[] = {
        pool->object_bytes,          pool->padded_bytes, pool->hot,       pool->cold,
        pool->alloc_count,           pool->pool_misses,  pool->max_alloc, pool->slabs,
        kibibytes(pool->slab_bytes), pool->cached,
    };
    table_row(table);
    table_cell(table, "%s", pool->name);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        table_cell(table, "%" PRIu64, numbers[i]);
    }
}

static int print_pools(const struct replay_job *job, FILE *stream) {
    struct table table = {
        .titles = {"pool", "bytes", "padded", "hot", "cold", "gets", "misses", "max-alloc", "slabs",
                   "slab-KiB", "cached"},
        .n_columns = 11,
        .is_left = {true},
    };
    for (size_t i = 0; i < job->n_pools; i++) {
        add_pool(&table, &job->pools[i]);
    }
    fputs("\nOur pools at the end of the last round:\n\n", stream);
    int result = table_print(&table, stream);
    table_release(&table);
    return result;
}

static void add_term(struct table *table, const char *name, uint64_t bytes, uint64_t resident,
                     const char *what) {
    table_row(table);
    table_cell(table, "%s", name);
    table_cell(table, "%llu", kibibytes(bytes));
    table_cell(table, "%.2f %%", resident ? 100.0 * (double)bytes / (double)resident : 0);
    table_cell(table, "%s", what);
}

/* All of the process that ran our verified round. */
static int print_ledger(const struct mempool_ledger *ledger, FILE *stream) {
    struct table table = {
        .titles = {"memory", "KiB", "of all", "what it is"},
        .n_columns = 4,
        .is_left = {true, false, false, true},
    };
    uint64_t all = ledger->resident;
    add_term(&table, "resident", all, all, "what the system says; the sum of all that follows:");
    add_term(&table, "live", ledger->live, all, "objects and blocks, as asked for");
    add_term(&table, "padding", ledger->padding, all, "the rest of their slots");
    add_term(&table, "cached", ledger->cached, all, "free slots in caches and depots");
    add_term(&table, "free", ledger->free, all, "other parts of slabs");
    add_term(&table, "untouched", ledger->untouched, all, "to subtract: slots never written");
    add_term(&table, "records", ledger->records, all, "our bookkeeping");
    add_term(&table, "libc heap", ledger->libc_heap, all, "libc's malloc");
    add_term(&table, "files", ledger->files, all, "the program, libraries");
    add_term(&table, "stack", ledger->stack, all, "the threads'");
    add_term(&table, "named", ledger->named, all, "the replay's own: trace, plan, objects' places");
    add_term(&table, "unexplained", ledger->unexplained, all, "the rest");
    fputs("\nThe process that measured our memory, at the end of the trace:\n\n", stream);
    int result = table_print(&table, stream);
    table_release(&table);
    return result;
}

int replay_report_text(const struct replay_job *job, FILE *stream) {
    print_facts(job, stream);
    int result = print_results(job, stream);
    if (result == 0) {
        result = print_pools(job, stream);
    }
    const struct replay_result *ours = &job->results[0];
    if (result == 0 && ours->has_resident && ours->resident.has_ledger) {
        result = print_ledger(&ours->resident.ledger, stream);
    }
    return result;
}
