/* SPDX-License-Identifier: MIT */
/* What changed in a process from snapshot to snapshot: order and slopes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/series.h"

struct moment_order {
    double seconds;
    size_t index;
};

static int by_time(const void *left, const void *right) {
    const struct moment_order *a = left, *b = right;
    int order = (a->seconds > b->seconds) - (a->seconds < b->seconds);
    return order ? order : (a->index > b->index) - (a->index < b->index);
}

static int by_name(const struct series_line *a, const struct series_line *b) {
    int order = strcmp(a->what, b->what);
    return order ? order : strcmp(a->detail, b->detail);
}

static int by_peak(const void *left, const void *right) {
    const struct series_line *a = left, *b = right;
    int order = (a->peak_bytes < b->peak_bytes) - (a->peak_bytes > b->peak_bytes);
    return order ? order : by_name(a, b);
}

static int by_slope(const void *left, const void *right) {
    const struct series_line *a = left, *b = right;
    int order =
        (a->bytes_per_second < b->bytes_per_second) - (a->bytes_per_second > b->bytes_per_second);
    return order ? order : by_peak(left, right);
}

static void permute(uint64_t *values, uint64_t *room, const struct moment_order *order, size_t n) {
    for (size_t i = 0; i < n; i++) {
        room[i] = values[order[i].index];
    }
    memcpy(values, room, n * sizeof(values[0]));
}

/* Least squares, around the means so that large numbers do not drown small ones. */
static void fit_line(const struct series *series, struct series_line *line) {
    double mean_t = 0, mean_b = 0, tt = 0, tb = 0, bb = 0;
    double n = (double)series->n;
    bool is_still = true;
    for (size_t i = 0; i < series->n; i++) {
        mean_t += series->moments[i].seconds / n;
        mean_b += (double)line->bytes[i] / n;
        is_still = is_still && line->bytes[i] == line->bytes[0];
        line->peak_bytes = line->bytes[i] > line->peak_bytes ? line->bytes[i] : line->peak_bytes;
    }
    for (size_t i = 0; i < series->n; i++) {
        double t = series->moments[i].seconds - mean_t, b = (double)line->bytes[i] - mean_b;
        tt += t * t;
        tb += t * b;
        bb += b * b;
    }
    bool has_slope = !is_still && tt > 0 && bb > 0; /* not what rounding makes of no change */
    line->bytes_per_second = has_slope ? tb / tt : 0;
    line->fit = has_slope ? tb * tb / (tt * bb) : 0;
}

static void order_lines(struct series *series, enum series_kind kind,
                        const struct moment_order *order, uint64_t *room) {
    struct series_lines *lines = &series->of[kind];
    for (size_t i = 0; i < lines->n; i++) {
        permute(lines->lines[i].bytes, room, order, series->n);
        permute(lines->lines[i].count, room, order, series->n);
        fit_line(series, &lines->lines[i]);
    }
    if (lines->n > 0) {
        qsort(lines->lines, lines->n, sizeof(lines->lines[0]),
              kind == SERIES_PLACES ? by_slope : by_peak);
    }
}

int series_finish(struct series *series) {
    struct replay_memory scratch = {0};
    size_t n = series->n;
    struct moment_order *order = replay_memory_take(&scratch, n, sizeof(*order));
    struct series_moment *moments = replay_memory_take(&scratch, n, sizeof(*moments));
    uint64_t *room = replay_memory_take(&scratch, n, sizeof(*room));
    int result = order && moments && room ? 0 : -ENOMEM;
    for (size_t i = 0; result == 0 && i < n; i++) {
        order[i] = (struct moment_order){series->moments[i].seconds, i};
    }
    if (result == 0 && n > 0) {
        qsort(order, n, sizeof(order[0]), by_time);
        for (size_t i = 0; i < n; i++) {
            moments[i] = series->moments[order[i].index];
        }
        memcpy(series->moments, moments, n * sizeof(moments[0]));
        for (int kind = 0; kind < SERIES_KINDS; kind++) {
            order_lines(series, (enum series_kind)kind, order, room);
        }
    }
    replay_memory_release(&scratch);
    return result;
}
