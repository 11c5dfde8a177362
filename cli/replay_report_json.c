/* SPDX-License-Identifier: MIT */
/* Writes the results of `mempool replay` as JSON. */
#include <errno.h>

#include <jansson.h>

#include "cli/replay_report.h"

/* A counter; those of jansson are signed. */
static json_t *count(uint64_t value) {
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static json_t *describe_trace(const struct trace *trace) {
    double seconds = (double)trace->duration_ticks * trace->tick_ns / 1e9;
    json_t *described = json_object();
    /* A file's name is bytes; JSON is UTF-8: a name that is not becomes null. */
    json_t *name = json_string(trace->path);
    json_object_set_new(described, "file", name ? name : json_null());
    json_object_set_new(described, "events", count(trace->n_events));
    json_object_set_new(described, "threads", count(trace->n_threads));
    json_object_set_new(described, "pools", count(trace->n_pools));
    json_object_set_new(described, "gets", count(trace->n_gets));
    json_object_set_new(described, "zeroed_gets", count(trace->n_zeroed_gets));
    json_object_set_new(described, "puts", count(trace->n_puts));
    json_object_set_new(described, "sites", count(trace->n_sites));
    json_object_set_new(described, "mallocs", count(trace->n_allocations));
    json_object_set_new(described, "zeroed_mallocs", count(trace->n_zeroed_allocations));
    json_object_set_new(described, "reallocs", count(trace->n_reallocations));
    json_object_set_new(described, "frees", count(trace->n_frees));
    json_object_set_new(described, "peak_live_objects", count(trace->peak_live_objects));
    json_object_set_new(described, "peak_live_bytes", count(trace->peak_live_bytes));
    json_object_set_new(described, "live_at_end", count(trace->live_at_end));
    json_object_set_new(described, "recorded_seconds", json_real(seconds));
    return described;
}

static json_t *describe_rounds(const double *round_ns, unsigned n) {
    json_t *rounds = json_array();
    for (unsigned i = 0; i < n; i++) {
        json_array_append_new(rounds, json_real(round_ns[i]));
    }
    return rounds;
}

static json_t *describe_resident(const struct replay_result *result) {
    if (!result->has_resident) {
        return json_null();
    }
    const struct resident_use *use = &result->resident;
    json_t *described = json_object();
    json_object_set_new(described, "before_bytes", count(use->before_bytes));
    json_object_set_new(described, "peak_growth_bytes", count(use->peak_growth_bytes));
    json_object_set_new(described, "end_growth_bytes", count(use->end_growth_bytes));
    json_object_set_new(described, "samples", count(use->n_samples));
    json_object_set_new(described, "is_exact", json_boolean(use->is_exact));
    return described;
}

/* Of the whole process that ran it. */
static json_t *describe_ledger(const struct replay_result *result) {
    if (!result->has_resident || !result->resident.has_ledger) {
        return json_null();
    }
    const struct mempool_ledger *ledger = &result->resident.ledger;
    json_t *described = json_object();
    json_object_set_new(described, "resident", count(ledger->resident));
    json_object_set_new(described, "live", count(ledger->live));
    json_object_set_new(described, "padding", count(ledger->padding));
    json_object_set_new(described, "cached", count(ledger->cached));
    json_object_set_new(described, "free", count(ledger->free));
    json_object_set_new(described, "untouched", count(ledger->untouched));
    json_object_set_new(described, "records", count(ledger->records));
    json_object_set_new(described, "libc_heap", count(ledger->libc_heap));
    json_object_set_new(described, "files", count(ledger->files));
    json_object_set_new(described, "stack", count(ledger->stack));
    json_object_set_new(described, "named", count(ledger->named));
    json_object_set_new(described, "unexplained", count(ledger->unexplained));
    return described;
}

static json_t *describe_result(const struct replay_job *job, const struct replay_result *result) {
    json_t *ns = json_object();
    json_object_set_new(ns, "median", json_real(result->ns.median));
    json_object_set_new(ns, "low_quartile", json_real(result->ns.low_quartile));
    json_object_set_new(ns, "high_quartile", json_real(result->ns.high_quartile));
    json_object_set_new(ns, "min", json_real(result->ns.min));
    json_object_set_new(ns, "max", json_real(result->ns.max));
    json_object_set_new(ns, "rounds", describe_rounds(result->round_ns, job->arguments->rounds));
    json_t *described = json_object();
    json_object_set_new(described, "name", json_string(result->contender->name));
    json_object_set_new(described, "ns_per_pair", ns);
    json_object_set_new(described, "spread", json_real(spread_relative(&result->ns)));
    json_object_set_new(described, "ratio_to_mempool", json_real(replay_job_ratio(job, result)));
    json_object_set_new(described, "resident", describe_resident(result));
    json_object_set_new(described, "ledger", describe_ledger(result));
    return described;
}

static json_t *describe_pool(const struct mempool_stats *pool) {
    json_t *described = json_object();
    json_object_set_new(described, "name", json_string(pool->name));
    json_object_set_new(described, "object_bytes", count(pool->object_bytes));
    json_object_set_new(described, "padded_bytes", count(pool->padded_bytes));
    json_object_set_new(described, "hot", count(pool->hot));
    json_object_set_new(described, "cold", count(pool->cold));
    json_object_set_new(described, "alloc_count", count(pool->alloc_count));
    json_object_set_new(described, "pool_misses", count(pool->pool_misses));
    json_object_set_new(described, "max_alloc", count(pool->max_alloc));
    json_object_set_new(described, "curr_stdalloc", count(pool->curr_stdalloc));
    json_object_set_new(described, "max_stdalloc", count(pool->max_stdalloc));
    json_object_set_new(described, "put_count", count(pool->put_count));
    json_object_set_new(described, "refused", count(pool->refused));
    json_object_set_new(described, "slabs", count(pool->slabs));
    json_object_set_new(described, "slab_bytes", count(pool->slab_bytes));
    json_object_set_new(described, "cached", count(pool->cached));
    json_object_set_new(described, "depot", count(pool->depot));
    json_object_set_new(described, "caches", count(pool->caches));
    json_object_set_new(described, "misuses", count(pool->misuses));
    return described;
}

static json_t *describe_job(const struct replay_job *job) {
    json_t *contenders = json_array();
    for (unsigned i = 0; i < job->arguments->n_contenders; i++) {
        json_array_append_new(contenders, describe_result(job, &job->results[i]));
    }
    json_t *pools = json_array();
    for (size_t i = 0; i < job->n_pools; i++) {
        json_array_append_new(pools, describe_pool(&job->pools[i]));
    }
    json_t *whole = json_object();
    json_object_set_new(whole, "version", json_string(mempool_version()));
    json_object_set_new(whole, "trace", describe_trace(job->trace));
    json_object_set_new(whole, "workers", count(job->plan->n_workers));
    json_object_set_new(whole, "rounds", count(job->arguments->rounds));
    json_object_set_new(whole, "crossings", count(job->plan->n_crossings));
    json_object_set_new(whole, "contenders", contenders);
    json_object_set_new(whole, "pools", pools);
    return whole;
}

int replay_report_json(const struct replay_job *job, FILE *stream) {
    json_t *whole = describe_job(job);
    if (!whole) {
        return -ENOMEM;
    }
    int result = json_dumpf(whole, stream, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    json_decref(whole);
    fputc('\n', stream);
    return result == 0 ? 0 : -EIO;
}
