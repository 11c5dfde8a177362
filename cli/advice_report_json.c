/* SPDX-License-Identifier: MIT */
/* Advice as JSON. */
#include <errno.h>

#include <jansson.h>
#include <mempool/mempool.h>

#include "cli/advice_report.h"

static json_t *number(uint64_t value) {
    return json_integer((json_int_t)value);
}

static json_t *known(int64_t value) {
    return value < 0 ? json_null() : json_integer((json_int_t)value);
}

static json_t *share(int thousandths) {
    return thousandths < 0 ? json_null() : json_real(thousandths / 1000.0);
}

static json_t *rate(double per_second) {
    return per_second < 0 ? json_null() : json_real(per_second);
}

/* Names may hold any bytes. */
static json_t *text(const char *string) {
    json_t *made = json_string(string);
    return made ? made : json_string("?");
}

static json_t *describe_use(const struct advice_pool *pool) {
    json_t *use = json_object();
    json_object_set_new(use, "gets", number(pool->gets));
    json_object_set_new(use, "gets_per_second", rate(pool->gets_per_second));
    json_object_set_new(use, "live", number(pool->live));
    json_object_set_new(use, "median_live", known(pool->median));
    json_object_set_new(use, "steady_live", known(pool->steady));
    json_object_set_new(use, "peak_live", number(pool->peak));
    json_object_set_new(use, "burst", known(pool->burst));
    json_object_set_new(use, "crossed_share", share(pool->crossed_thousandths));
    json_object_set_new(use, "threads", known(pool->threads));
    json_object_set_new(use, "magazine_rounds", known(pool->magazine_rounds));
    json_object_set_new(use, "hit_share", share(pool->hits_thousandths));
    json_object_set_new(use, "misses_per_second", rate(pool->misses_per_second));
    json_object_set_new(use, "cached_objects", known(pool->cached_peak));
    return use;
}

static json_t *describe_options(uint64_t count, uint64_t limit, bool is_uncached) {
    json_t *options = json_object();
    json_object_set_new(options, "count", number(count));
    json_object_set_new(options, "limit", number(limit));
    json_object_set_new(options, "uncached", json_boolean(is_uncached));
    return options;
}

static json_t *describe_pool(const struct advice_pool *pool) {
    json_t *described = json_object(), *reasons = json_array();
    for (unsigned i = 0; i < pool->n_reasons; i++) {
        json_array_append_new(reasons, text(pool->reasons[i]));
    }
    json_object_set_new(described, "pool", text(pool->name));
    json_object_set_new(described, "verdict", json_string(advice_verdict_word(pool->verdict)));
    json_object_set_new(described, "object_bytes", number(pool->object_bytes));
    json_object_set_new(described, "slot_bytes", number(pool->slot_bytes));
    json_object_set_new(described, "slab_bytes", number(pool->slab_bytes));
    json_object_set_new(described, "now",
                        describe_options(pool->count_now, pool->limit_now, pool->is_uncached_now));
    json_object_set_new(described, "advised",
                        describe_options(pool->count, pool->limit, pool->is_uncached));
    json_object_set_new(described, "saved_bytes", json_integer((json_int_t)pool->saved_bytes));
    json_object_set_new(described, "padding_bytes", number(pool->padding_bytes));
    json_object_set_new(described, "shrink_bytes", number(pool->shrink_bytes));
    json_object_set_new(described, "shrink_saved_bytes", number(pool->shrink_saved_bytes));
    json_object_set_new(described, "use", describe_use(pool));
    json_object_set_new(described, "reasons", reasons);
    return described;
}

int advice_report_json(const struct advice_report *report, FILE *stream) {
    const struct advice *advice = report->advice;
    json_t *whole = json_object(), *pools = json_array();
    for (uint32_t i = 0; i < advice->n_pools; i++) {
        json_array_append_new(pools, describe_pool(&advice->pools[i]));
    }
    json_object_set_new(whole, "version", json_string(mempool_version()));
    json_object_set_new(whole, "source", text(report->source));
    json_object_set_new(whole, "from", json_string(report->is_trace ? "trace" : "counters"));
    json_object_set_new(whole, "seconds", json_real(advice->seconds));
    json_object_set_new(whole, "slab_bytes_now", number(advice->slab_bytes_now));
    json_object_set_new(whole, "slab_bytes", number(advice->slab_bytes));
    json_object_set_new(whole, "saved_bytes", json_integer((json_int_t)advice->saved_bytes));
    json_object_set_new(whole, "pools", pools);
    int result = json_dumpf(whole, stream, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    json_decref(whole);
    fputc('\n', stream);
    return result == 0 || ferror(stream) ? 0 : -ENOMEM;
}
