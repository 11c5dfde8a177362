/* SPDX-License-Identifier: MIT */
/* The table of a view. */
#include <math.h>
#include <string.h>

#include "cli/top/draw.h"
#include "cli/top/format.h"
#include "cli/top/spark.h"

enum {
    NAME_COLUMNS_MAX = 64,
    INDENT = 2, /* columns, of a component below another */
};

struct placed {
    enum top_column column;
    int x, width;
};

/* Columns that there is room for, from left to right. */
struct plan {
    struct placed at[TOP_COLUMNS];
    size_t n;
};

static int width_of(const struct plan *plan) {
    int width = plan->n ? (int)plan->n - 1 : 0;
    for (size_t i = 0; i < plan->n; i++) {
        width += plan->at[i].width;
    }
    return width;
}

static bool drop_one(struct plan *plan) {
    size_t least = 0;
    for (size_t i = 1; i < plan->n; i++) {
        int rank = top_columns_known[plan->at[i].column].rank;
        least = rank > top_columns_known[plan->at[least].column].rank ? i : least;
    }
    if (plan->n == 0 || top_columns_known[plan->at[least].column].rank == 0) {
        return false;
    }
    memmove(&plan->at[least], &plan->at[least + 1], (plan->n - least - 1) * sizeof(plan->at[0]));
    plan->n--;
    return true;
}

static int name_columns(const struct top_row *row) {
    return top_columns(row->name) + row->depth * INDENT;
}

/* The columns that texts of the rows on the screen take, up to a bound. */
static int wanted(const struct top_rows *rows, size_t first, int n_rows, bool is_place) {
    int most = 0;
    for (size_t i = first; i < rows->n && i < first + (size_t)n_rows; i++) {
        int columns = is_place ? top_columns(rows->at[i].place) : name_columns(&rows->at[i]);
        most = columns > most ? columns : most;
    }
    return most < NAME_COLUMNS_MAX ? most : NAME_COLUMNS_MAX;
}

/* Give texts what numbers leave: names first, half of it where places want some, too. */
static void widen(struct plan *plan, int spare, int name, int place) {
    bool has_place = plan->n > 1 && plan->at[1].column == TOP_PLACE;
    int name_wants = name - plan->at[0].width,
        place_wants = has_place ? place - plan->at[1].width : 0;
    name_wants = name_wants > 0 ? name_wants : 0;
    place_wants = place_wants > 0 ? place_wants : 0;
    int for_name = name_wants;
    if (name_wants + place_wants > spare) {
        int half = spare / 2;
        for_name = place_wants < half ? spare - place_wants : name_wants < half ? name_wants : half;
    }
    for_name = for_name < spare ? for_name : spare;
    plan->at[0].width += for_name;
    if (has_place) {
        int left = spare - for_name;
        plan->at[1].width += left < place_wants ? left : place_wants;
    }
}

static void make_plan(struct plan *plan, const struct top_scene *scene, size_t first, int width,
                      int n_rows) {
    const struct top_view_kind *kind = &top_views_known[scene->state->view];
    plan->n = 0;
    for (size_t i = 0; i < kind->n_columns; i++) {
        enum top_column column = kind->columns[i];
        bool is_spark = top_columns_known[column].kind == TOP_KIND_SPARK;
        if (!is_spark || !scene->model->is_still) {
            int columns = top_columns_known[column].width;
            plan->at[plan->n++] = (struct placed){.column = column, .width = columns};
        }
    }
    while (width_of(plan) > width && drop_one(plan)) {
    }
    int spare = width - width_of(plan);
    if (spare < 0) {
        plan->at[0].width += spare;
    } else {
        widen(plan, spare, wanted(scene->rows, first, n_rows, false),
              wanted(scene->rows, first, n_rows, true));
    }
    int x = 0;
    for (size_t i = 0; i < plan->n; i++) {
        plan->at[i].x = x;
        x += plan->at[i].width + 1;
    }
}

static bool is_left(enum top_column column) {
    enum top_kind kind = top_columns_known[column].kind;
    return kind == TOP_KIND_TEXT || kind == TOP_KIND_SPARK;
}

static void draw_titles(struct top_grid *grid, int y, const struct plan *plan,
                        const struct top_scene *scene) {
    const struct top_sight_state *sight = &scene->state->views[scene->state->view];
    top_fill(grid, 0, y, grid->width, TOP_BAR);
    for (size_t i = 0; i < plan->n; i++) {
        const struct placed *at = &plan->at[i];
        bool is_sorted = at->column == sight->sort;
        enum top_style style = is_sorted ? TOP_BAR_MARK : TOP_BAR;
        bool is_down = is_left(at->column) == sight->is_reversed;
        const char *title = top_columns_known[at->column].title;
        int length = (int)strlen(title);
        int x = is_left(at->column) ? at->x : at->x + at->width - length;
        top_put(grid, x, y, style, at->width, title);
        if (is_sorted) {
            /* On the side where a blank is. */
            int mark_x = is_left(at->column) ? x + length : x - 1;
            const char *mark = grid->is_ascii ? (is_down ? "v" : "^") : (is_down ? "▼" : "▲");
            top_put(grid, mark_x, y, style, 1, mark);
        }
    }
}

static enum top_style style_of(enum top_column column, const struct top_row *row) {
    double value = row->values[column];
    if (column == TOP_GROWTH && value != 0 && !isnan(value)) {
        return value > 0 ? TOP_MORE : TOP_LESS;
    }
    return row->values[TOP_LIVE] == 0 ? TOP_FAINT : TOP_PLAIN;
}

static void draw_cell(struct top_grid *grid, int y, const struct placed *at,
                      const struct top_row *row) {
    float values[TOP_SPARK_COLUMNS_MAX];
    char text[TOP_NUMBER_BYTES];
    enum top_style style = style_of(at->column, row);
    int indent = row->depth * INDENT;
    switch (top_columns_known[at->column].kind) {
    case TOP_KIND_TEXT:
        indent = at->column != TOP_NAME ? 0 : indent < at->width / 2 ? indent : at->width / 2;
        top_put(grid, at->x + indent, y, style, at->width - indent,
                at->column == TOP_NAME ? row->name : row->place);
        break;
    case TOP_KIND_SPARK:
        top_track_history(row->track, values, at->width);
        top_spark(grid, at->x, y, values, at->width);
        break;
    default:
        top_column_format(at->column, row->values[at->column], text);
        top_put_right(grid, at->x, y, style, at->width, text);
        break;
    }
}

static const char *nothing(const struct top_scene *scene) {
    if (scene->state->view == TOP_SITES && scene->model->sites == NULL) {
        return scene->model->is_still    ? "This snapshot has no call sites."
               : scene->state->is_paused ? "Paused: call sites were not read."
                                         : "Call sites were not read yet.";
    }
    return scene->rows->n_all ? "Nothing matches the filter. Esc: without." : "There are none.";
}

void top_draw_table(struct top_grid *grid, int y, int n_rows, const struct top_scene *scene,
                    bool has_cursor) {
    const struct top_sight_state *sight = &scene->state->views[scene->state->view];
    size_t first = has_cursor ? sight->first : 0;
    struct plan plan;
    make_plan(&plan, scene, first, grid->width, n_rows);
    draw_titles(grid, y, &plan, scene);
    if (scene->rows->n == 0) {
        top_put(grid, 0, y + 1, TOP_FAINT, grid->width, nothing(scene));
    }
    for (int i = 0; i < n_rows && first + (size_t)i < scene->rows->n; i++) {
        const struct top_row *row = &scene->rows->at[first + (size_t)i];
        for (size_t column = 0; column < plan.n; column++) {
            draw_cell(grid, y + 1 + i, &plan.at[column], row);
        }
        if (has_cursor && first + (size_t)i == sight->cursor) {
            top_fill(grid, 0, y + 1 + i, grid->width, TOP_CHOSEN);
        }
    }
}
