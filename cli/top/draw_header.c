/* SPDX-License-Identifier: MIT */
/* The lines above the table, and the one below. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "cli/top/draw.h"
#include "cli/top/format.h"
#include "cli/top/spark.h"

enum {
    GAP = 2, /* columns between two facts of a line */
    SPARK_COLUMNS = 60,
};

static const double second_ns = 1e9;

static int say_interval(struct top_grid *grid, int x, int64_t interval_ns) {
    double seconds = (double)interval_ns / second_ns;
    return seconds < 1 ? top_putf(grid, x, 0, TOP_PLAIN, "every %.0fms", seconds * 1000)
                       : top_putf(grid, x, 0, TOP_PLAIN, "every %gs", seconds);
}

static const char *condition(const struct top_scene *scene) {
    return scene->model->is_still    ? "STILL"
           : scene->is_ended         ? "ENDED"
           : scene->state->is_paused ? "PAUSED"
                                     : "";
}

void top_draw_title(struct top_grid *grid, int y, const struct top_scene *scene) {
    const struct snapshot *now = scene->model->now;
    char uptime[TOP_NUMBER_BYTES], clock[32] = "";
    int x = top_put(grid, 0, y, TOP_BOLD, grid->width, scene->name) + GAP;
    if (now != NULL) {
        time_t taken = (time_t)now->taken_seconds;
        struct tm local;
        if (localtime_r(&taken, &local) != NULL) {
            strftime(clock, sizeof(clock), scene->model->is_still ? "%F %T" : "%T", &local);
        }
        top_format_seconds(uptime, (double)now->uptime_seconds);
        x = top_putf(grid, x, y, TOP_PLAIN, "up %s", uptime) + GAP;
    }
    if (!scene->model->is_still) {
        x = say_interval(grid, x, scene->state->interval_ns) + GAP;
    }
    const char *word = condition(scene);
    int clock_x = grid->width - (int)strlen(clock), word_x = clock_x - (int)strlen(word) - GAP;
    word_x = word_x < x ? grid->width - (int)strlen(word) : word_x;
    top_put(grid, word_x, y, TOP_BAD, grid->width, word);
    if (clock_x >= x && word_x + (int)strlen(word) <= clock_x) {
        top_put(grid, clock_x, y, TOP_PLAIN, grid->width, clock);
    }
}

/* A fact of a line, where there is room for all of it. */
static int fact(struct top_grid *grid, int x, int y, enum top_style style, const char *text) {
    int columns = top_columns(text);
    return x + columns > grid->width ? x : top_put(grid, x, y, style, columns, text) + GAP;
}

static int draw_misuses(struct top_grid *grid, int x, int y, const struct top_scene *scene) {
    const struct snapshot *now = scene->model->now;
    if (scene->model->totals.misuses == 0) {
        return fact(grid, x, y, TOP_PLAIN, "no misuse");
    }
    char text[256];
    char count[TOP_NUMBER_BYTES];
    top_format_count(count, (double)scene->model->totals.misuses);
    snprintf(text, sizeof(text), "MISUSE %s", count);
    x = fact(grid, x, y, TOP_BAD, text);
    for (size_t i = 0; i < now->n_misuses; i++) {
        if (now->misuses[i].count != 0) {
            top_format_count(count, (double)now->misuses[i].count);
            snprintf(text, sizeof(text), "%s %s", now->misuses[i].kind, count);
            x = fact(grid, x, y, TOP_BAD, text);
        }
    }
    return x;
}

void top_draw_totals(struct top_grid *grid, int y, const struct top_scene *scene) {
    const struct top_model *model = scene->model;
    if (model->now == NULL) {
        return;
    }
    char bytes[TOP_NUMBER_BYTES], count[TOP_NUMBER_BYTES], growth[TOP_NUMBER_BYTES], text[128];
    top_format_bytes(bytes, model->totals.bytes);
    top_format_count(count, model->totals.live);
    snprintf(text, sizeof(text), "live %s in %s", bytes, count);
    int x = fact(grid, 0, y, TOP_BOLD, text);
    if (!model->is_still) {
        double grown = top_track_growth(model->whole);
        top_format_growth(growth, grown);
        x = fact(grid, x, y, grown > 0 ? TOP_MORE : TOP_LESS, growth);
    }
    x = draw_misuses(grid, x, y, scene);
    snprintf(text, sizeof(text), "%llu pool%s", (unsigned long long)model->totals.pools,
             model->totals.pools == 1 ? "" : "s");
    x = fact(grid, x, y, TOP_PLAIN, text);
    snprintf(text, sizeof(text), "%zu thread%s", model->now->n_running,
             model->now->n_running == 1 ? "" : "s");
    x = fact(grid, x, y, TOP_PLAIN, text);
    snprintf(text, sizeof(text), "mempool %s", model->now->version);
    fact(grid, x, y, TOP_FAINT, text);
}

static int part(struct top_grid *grid, int x, int y, const char *name, uint64_t bytes) {
    char number[TOP_NUMBER_BYTES], text[64];
    if (bytes == 0) {
        return x;
    }
    top_format_bytes(number, (double)bytes);
    snprintf(text, sizeof(text), "%s %s", name, number);
    return fact(grid, x, y, TOP_PLAIN, text);
}

void top_draw_ledger(struct top_grid *grid, int y, const struct top_scene *scene) {
    const struct snapshot_ledger *ledger = &scene->model->ledger;
    if (scene->model->now == NULL) {
        return;
    }
    int x = ledger->is_known ? part(grid, 0, y, "resident", ledger->resident)
                             : part(grid, 0, y, "slabs", scene->model->now->slabs_bytes);
    x = part(grid, x, y, "live", ledger->live);
    x = part(grid, x, y, "padding", ledger->padding);
    x = part(grid, x, y, "cached", ledger->cached);
    if (ledger->is_known) {
        x = part(grid, x, y, "free", ledger->free);
        x = part(grid, x, y, "records", ledger->records);
        x = part(grid, x, y, "malloc", ledger->libc_heap);
        x = part(grid, x, y, "files", ledger->files);
        x = part(grid, x, y, "stacks", ledger->stack);
        x = part(grid, x, y, "named", ledger->named);
        part(grid, x, y, "unexplained", ledger->unexplained);
    }
}

void top_draw_spark(struct top_grid *grid, int y, const struct top_scene *scene) {
    float values[TOP_SPARK_COLUMNS_MAX];
    const struct top_track *whole = scene->model->whole;
    if (whole == NULL || scene->model->is_still) {
        return;
    }
    char span[TOP_NUMBER_BYTES], least_text[TOP_NUMBER_BYTES], most_text[TOP_NUMBER_BYTES];
    int n = grid->width >= SPARK_COLUMNS + 36 ? SPARK_COLUMNS : grid->width - 36;
    n = n < 4 ? 4 : n;
    top_format_seconds(span, top_track_history(whole, values, n));
    float least = INFINITY, most = 0;
    for (int i = 0; i < n; i++) {
        least = values[i] < least ? values[i] : least;
        most = values[i] > most ? values[i] : most;
    }
    top_format_bytes(least_text, (double)least);
    top_format_bytes(most_text, (double)most);
    int x = top_put(grid, 0, y, TOP_PLAIN, grid->width, "live ");
    top_spark(grid, x, y, values, n);
    top_putf(grid, x + n + 1, y, TOP_FAINT, "%s to %s in %s", least_text, most_text, span);
}

void top_draw_tabs(struct top_grid *grid, int y, const struct top_scene *scene) {
    const struct top_state *state = scene->state;
    int x = 0;
    for (int view = 0; view < TOP_VIEWS; view++) {
        bool is_open = view == (int)state->view;
        x = top_putf(grid, x, y, is_open ? TOP_BAR : TOP_PLAIN, " %d %s ", view + 1,
                     top_views_known[view].title);
    }
    if (state->is_typing || state->filter[0]) {
        top_putf(grid, x + 1, y, TOP_BOLD, "/%s%s", state->filter, state->is_typing ? "_" : "");
    } else if (state->has_all) {
        top_put(grid, x + 1, y, TOP_FAINT, grid->width, "all");
    }
}

static const char *keys_of(const struct top_state *state) {
    if (state->is_typing) {
        return "type part of a name   Enter keep   Esc as before";
    }
    if (state->is_help || state->detail.is_open) {
        return "Esc back   Up/Down scroll   q quit   ? help   p pause";
    }
    return "q quit  ? help  Tab view  Enter detail  / filter  < > sort  r reverse  p pause";
}

void top_draw_status(struct top_grid *grid, int y, const struct top_scene *scene) {
    const struct top_state *state = scene->state;
    if (scene->message[0]) {
        top_put(grid, 0, y, TOP_BAD, grid->width, scene->message);
        return;
    }
    bool has_tabs = top_lines_of(grid->height).tabs != 0;
    if (!has_tabs && !state->is_help && !state->detail.is_open) {
        const char *title = top_views_known[state->view].title;
        bool has_filter = state->is_typing || state->filter[0];
        top_putf(grid, 0, y, TOP_FAINT, "%d %s%s%s%s  q quit  ? help", (int)state->view + 1, title,
                 has_filter ? "  /" : "", state->filter, state->is_typing ? "_" : "");
        return;
    }
    top_put(grid, 0, y, TOP_FAINT, grid->width, keys_of(state));
}
