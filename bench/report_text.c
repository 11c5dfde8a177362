/* SPDX-License-Identifier: MIT */
/* Aligned columns on a terminal or in a file. */
#include "bench/report_text.h"
#include "bench/targets.h"

#include <string.h>

#define CELL_BYTES 40
#define COLUMNS_MAX (PEERS_MAX + 4)

/* One row: case, unit, a column for each peer that is there, best peer, ratio. */
struct row {
    char cells[COLUMNS_MAX][CELL_BYTES];
};

static size_t width_of(const char *text) {
    size_t width = 0;
    for (; *text != '\0'; text++) {
        width += ((unsigned char)*text & 0xc0) != 0x80; /* bytes that begin a character */
    }
    return width;
}

static void print_cell(FILE *out, const char *text, size_t width, bool left) {
    size_t used = width_of(text);
    int padding = width > used ? (int)(width - used) : 0;
    (void)fprintf(out, left ? "%2$s%1$*3$s" : "%1$*3$s%2$s", "", text, padding);
}

/* Three digits that matter. */
static void write_value(char *ret, size_t bytes, double value) {
    int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    (void)snprintf(ret, bytes, "%.*f", decimals, value);
}

static void write_measurement(char *ret, const struct measurement *measurement) {
    char value[24];
    switch (measurement->state) {
    case MEASUREMENT_NONE:
    case MEASUREMENT_UNSUITABLE:
        (void)snprintf(ret, CELL_BYTES, "-");
        return;
    case MEASUREMENT_FAILED:
        (void)snprintf(ret, CELL_BYTES, "failed");
        return;
    case MEASUREMENT_DONE:
        break;
    }
    struct spread spread = measurement_spread(measurement);
    write_value(value, sizeof(value), spread.median);
    (void)snprintf(ret, CELL_BYTES, "%s \u00b1%2.0f%%", value,
                   spread_relative(&spread) / 2.0 * 100.0);
}

static size_t fill_row(struct row *row, const struct results *results, size_t case_index) {
    const struct bench_case *test = &bench_cases[case_index];
    size_t n = 0;
    (void)snprintf(row->cells[n++], CELL_BYTES, "%s", test->name);
    (void)snprintf(row->cells[n++], CELL_BYTES, "%s", case_unit_text(test->unit));
    for (size_t i = 0; i < results->peers->n; i++) {
        if (results->peers->peers[i].available) {
            write_measurement(row->cells[n++], &results->measurements[case_index][i]);
        }
    }
    int best = results_best_peer(results, case_index);
    double ratio = results_ratio(results, case_index, best);
    (void)snprintf(row->cells[n++], CELL_BYTES, "%s",
                   best >= 0 ? results->peers->peers[best].name : "-");
    if (ratio > 0.0) {
        (void)snprintf(row->cells[n++], CELL_BYTES, "%.2f", ratio);
    } else {
        (void)snprintf(row->cells[n++], CELL_BYTES, "-");
    }
    return n;
}

static size_t fill_head(struct row *row, const struct results *results) {
    size_t n = 0;
    (void)snprintf(row->cells[n++], CELL_BYTES, "case/bytes");
    (void)snprintf(row->cells[n++], CELL_BYTES, "unit");
    for (size_t i = 0; i < results->peers->n; i++) {
        if (results->peers->peers[i].available) {
            (void)snprintf(row->cells[n++], CELL_BYTES, "%s", results->peers->peers[i].name);
        }
    }
    (void)snprintf(row->cells[n++], CELL_BYTES, "best peer");
    (void)snprintf(row->cells[n++], CELL_BYTES, "ratio");
    return n;
}

static void print_row(FILE *out, const struct row *row, size_t n, const size_t *widths) {
    for (size_t i = 0; i < n; i++) {
        (void)fputs(i == 0 ? "" : "  ", out);
        print_cell(out, row->cells[i], widths[i], i < 2);
    }
    (void)fputc('\n', out);
}

static void print_table(FILE *out, const struct results *results) {
    static struct row rows[CASES_MAX + 1];
    size_t widths[COLUMNS_MAX] = {0};
    size_t n = fill_head(&rows[0], results);
    for (size_t i = 0; i < bench_n_cases; i++) {
        (void)fill_row(&rows[i + 1], results, i);
    }
    for (size_t i = 0; i <= bench_n_cases; i++) {
        for (size_t j = 0; j < n && (i == 0 || results->chosen[i - 1]); j++) {
            size_t width = width_of(rows[i].cells[j]);
            widths[j] = width > widths[j] ? width : widths[j];
        }
    }
    print_row(out, &rows[0], n, widths);
    int group = -1;
    for (size_t i = 0; i < bench_n_cases; i++) {
        if (!results->chosen[i]) {
            continue;
        }
        if ((int)bench_cases[i].group != group) {
            group = (int)bench_cases[i].group;
            (void)fprintf(out, "\n%s\n", case_group_title(bench_cases[i].group));
        }
        if (results->skipped[i] != NULL) {
            (void)fprintf(out, "%s: not run: %s\n", bench_cases[i].name, results->skipped[i]);
        } else {
            print_row(out, &rows[i + 1], n, widths);
        }
    }
}

static void print_failures(FILE *out, const struct results *results) {
    for (size_t i = 0; i < bench_n_cases; i++) {
        for (size_t j = 0; j < results->peers->n; j++) {
            const struct measurement *measurement = &results->measurements[i][j];
            if (measurement->state == MEASUREMENT_FAILED) {
                (void)fprintf(out, "failed: %s, %s: %s\n", bench_cases[i].name,
                              results->peers->peers[j].name, measurement->reason);
            }
        }
    }
}

static void print_target(FILE *out, const struct target *target) {
    static const char *const states[] = {
        [TARGET_NOT_MEASURED] = "not measured",
        [TARGET_REACHED] = "reached",
        [TARGET_MISSED] = "MISSED",
    };
    (void)fprintf(out, "%-12s  %-60s  at most %5.2f%s", states[target->state], target->text,
                  target->limit, target->unit);
    if (target->state != TARGET_NOT_MEASURED) {
        (void)fprintf(out, ", is %.2f%s", target->value, target->unit);
    }
    if (target->state == TARGET_MISSED) {
        (void)fprintf(out, ", %.0f %% over", (target->value / target->limit - 1.0) * 100.0);
    }
    if (target->worst_case >= 0 && target->n > 1) {
        (void)fprintf(out, " (worst of %zu: %s)", target->n, bench_cases[target->worst_case].name);
    } else if (target->n > 1) {
        (void)fprintf(out, " (%zu cases)", target->n);
    }
    (void)fputc('\n', out);
}

void report_text_body(FILE *out, const struct results *results) {
    (void)fprintf(
        out, "Median of the rounds \u00b1 half the distance of the quartiles; ratio: ours / best"
             " peer's,\nbelow 1 is better.\n\n");
    print_table(out, results);
    (void)fputc('\n', out);
    print_failures(out, results);
    double mean = targets_mean(results, true);
    if (mean > 0.0) {
        (void)fprintf(out,
                      "Geometric mean of the single-thread ratios: %.3f; without bulk, which no"
                      " malloc has: %.3f\n",
                      mean, targets_mean(results, false));
    }
    (void)fprintf(out, "\nTargets\n");
    struct target targets[TARGETS_MAX];
    size_t n = targets_evaluate(results, targets);
    for (size_t i = 0; i < n; i++) {
        print_target(out, &targets[i]);
    }
}

static void print_peers(FILE *out, const struct peer_list *peers) {
    for (size_t i = 0; i < peers->n; i++) {
        const struct peer *peer = &peers->peers[i];
        if (peer->available) {
            (void)fprintf(out, "  %-10s %-15s %s\n", peer->name,
                          peer->hello.version[0] != '\0' ? peer->hello.version : "-",
                          peer->hello.library);
        } else {
            (void)fprintf(out, "  %-10s %s\n", peer->name, peer->hello.reason);
        }
    }
}

void report_text_head(FILE *out, const struct machine_facts *machine,
                      const struct peer_list *peers) {
    (void)fprintf(out, "Machine:  %s, %u CPUs, %.1f GiB; %s; %s\n", machine->cpu_model,
                  machine->cpus, machine->memory_gib, machine->kernel, machine->libc);
    (void)fprintf(out, "Compiler: %s; transparent huge pages: %s; load average: %.2f\n",
                  machine->compiler, machine->huge_pages, machine->load_average);
    (void)fprintf(out, "Allocators:\n");
    print_peers(out, peers);
    if (!machine->optimized) {
        (void)fprintf(out, "Warning: built without optimisation: the figures mean little.\n");
    }
    if (machine->load_average > 0.5) {
        (void)fprintf(out, "Warning: other work is running here: the figures will be noisy.\n");
    }
    (void)fputc('\n', out);
    (void)fflush(out);
}

void report_text_list(FILE *out, const struct peer_list *peers) {
    (void)fprintf(out, "Cases (name/bytes):\n");
    for (size_t i = 0; i < bench_n_cases; i++) {
        (void)fprintf(out, "  %-24s %s%s\n", bench_cases[i].name,
                      case_kind_text(bench_cases[i].kind),
                      bench_cases[i].ours_only ? "; ours only" : "");
    }
    (void)fprintf(out, "Allocators:\n");
    print_peers(out, peers);
}
