/* SPDX-License-Identifier: MIT */
/* The report as JSON, by jansson. */
#include "bench/report_json.h"
#include "bench/targets.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#define REAL_DIGITS 6

/* json_pack and json_array_append_new take NULL for "out of memory": the result is then NULL. */

static json_t *machine_object(const struct machine_facts *machine) {
    return json_pack("{s:s, s:i, s:f, s:s, s:s, s:s, s:s, s:f, s:b}", "cpu_model",
                     machine->cpu_model, "cpus", (int)machine->cpus, "memory_gib",
                     machine->memory_gib, "kernel", machine->kernel, "libc", machine->libc,
                     "compiler", machine->compiler, "huge_pages", machine->huge_pages,
                     "load_average", machine->load_average, "optimized", machine->optimized);
}

static json_t *peers_array(const struct peer_list *peers) {
    json_t *array = json_array();
    for (size_t i = 0; i < peers->n; i++) {
        const struct peer *peer = &peers->peers[i];
        (void)json_array_append_new(
            array, json_pack("{s:s, s:b, s:s, s:s, s:s}", "name", peer->name, "available",
                             peer->available, "version", peer->hello.version, "library",
                             peer->hello.library, "reason", peer->hello.reason));
    }
    return array;
}

static json_t *measurement_object(const struct measurement *measurement) {
    if (measurement->state == MEASUREMENT_FAILED) {
        return json_pack("{s:s}", "failed", measurement->reason);
    }
    struct spread spread = measurement_spread(measurement);
    json_t *samples = json_array();
    for (size_t i = 0; i < measurement->n; i++) {
        (void)json_array_append_new(samples, json_real(measurement->samples[i]));
    }
    return json_pack("{s:f, s:f, s:f, s:f, s:f, s:o}", "median", spread.median, "lowest",
                     spread.min, "lower_quartile", spread.low_quartile, "upper_quartile",
                     spread.high_quartile, "highest", spread.max, "samples", samples);
}

static json_t *case_object(const struct results *results, size_t case_index) {
    const struct bench_case *test = &bench_cases[case_index];
    json_t *peers = json_object();
    for (size_t i = 0; i < results->peers->n; i++) {
        const struct measurement *measurement = &results->measurements[case_index][i];
        if (measurement->state == MEASUREMENT_DONE || measurement->state == MEASUREMENT_FAILED) {
            (void)json_object_set_new(peers, results->peers->peers[i].name,
                                      measurement_object(measurement));
        }
    }
    int best = results_best_peer(results, case_index);
    double ratio = results_ratio(results, case_index, best);
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:i, s:o, s:s?, s:s?, s:o}", "name",
                     test->name, "what", case_kind_text(test->kind), "group",
                     case_group_title(test->group), "unit", case_unit_text(test->unit),
                     "object_bytes", (json_int_t)test->object_bytes, "live", (json_int_t)test->live,
                     "threads", (int)test->threads, "peers", peers, "skipped",
                     results->skipped[case_index], "best_peer",
                     best >= 0 ? results->peers->peers[best].name : NULL, "ratio",
                     ratio > 0.0 ? json_real(ratio) : json_null());
}

static json_t *target_object(const struct target *target) {
    static const char *const states[] = {
        [TARGET_NOT_MEASURED] = "not measured",
        [TARGET_REACHED] = "reached",
        [TARGET_MISSED] = "missed",
    };
    int measured = target->state != TARGET_NOT_MEASURED;
    return json_pack("{s:s, s:s, s:f, s:o, s:i, s:s?}", "target", target->text, "state",
                     states[target->state], "at_most", target->limit, "value",
                     measured ? json_real(target->value) : json_null(), "cases", (int)target->n,
                     "worst_case",
                     target->worst_case >= 0 ? bench_cases[target->worst_case].name : NULL);
}

static json_t *report_object(const struct machine_facts *machine, const struct results *results) {
    struct target targets[TARGETS_MAX];
    size_t n = targets_evaluate(results, targets);
    json_t *target_array = json_array();
    for (size_t i = 0; i < n; i++) {
        (void)json_array_append_new(target_array, target_object(&targets[i]));
    }
    json_t *cases = json_array();
    for (size_t i = 0; i < bench_n_cases; i++) {
        if (results->chosen[i]) {
            (void)json_array_append_new(cases, case_object(results, i));
        }
    }
    return json_pack("{s:i, s:o, s:o, s:o, s:f, s:f, s:o}", "format", 1, "machine",
                     machine_object(machine), "allocators", peers_array(results->peers), "cases",
                     cases, "geometric_mean", targets_mean(results, true),
                     "geometric_mean_without_bulk", targets_mean(results, false), "targets",
                     target_array);
}

int report_json_write(const char *path, const struct machine_facts *machine,
                      const struct results *results) {
    json_t *report = report_object(machine, results);
    if (report == NULL) {
        return -ENOMEM;
    }
    FILE *file = fopen(path, "we");
    int status = file != NULL ? 0 : -errno;
    if (file != NULL) {
        if (json_dumpf(report, file, JSON_INDENT(1) | JSON_REAL_PRECISION(REAL_DIGITS)) != 0 ||
            fputc('\n', file) == EOF) {
            status = -EIO;
        }
        if (fclose(file) != 0 && status == 0) {
            status = -errno;
        }
    }
    json_decref(report);
    return status;
}
