/* SPDX-License-Identifier: MIT */
/* All about one thing: its counters, bytes of the last minutes, ages, and call sites. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/top/draw.h"
#include "cli/top/format.h"
#include "cli/top/spark.h"

enum {
    LINES = 512,
    SITES_MAX = 400,
    FACT_COLUMNS = 40, /* of one fact, with the gap behind it */
    LABEL_COLUMNS = 18,
    FACTS_BESIDE_MAX = 3,
};

/* A text that is written from top to bottom. */
struct sheet {
    struct top_grid grid;
    const struct top_scene *scene;
    struct top_row row;
    int line;
    int n_beside; /* facts already on this line */
};

static void end_facts(struct sheet *sheet) {
    sheet->line += sheet->n_beside > 0;
    sheet->n_beside = 0;
}

static void heading(struct sheet *sheet, const char *text) {
    end_facts(sheet);
    sheet->line++;
    top_put(&sheet->grid, 0, sheet->line++, TOP_BOLD, sheet->grid.width, text);
}

/* "label value"; as many beside each other as there is room for. */
static void fact(struct sheet *sheet, const char *label, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void fact(struct sheet *sheet, const char *label, const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    int beside = sheet->grid.width / FACT_COLUMNS;
    beside = beside < 1 ? 1 : beside > FACTS_BESIDE_MAX ? FACTS_BESIDE_MAX : beside;
    if (sheet->n_beside == beside) {
        end_facts(sheet);
    }
    int x = sheet->n_beside * FACT_COLUMNS;
    top_put(&sheet->grid, x, sheet->line, TOP_FAINT, LABEL_COLUMNS - 1, label);
    top_put(&sheet->grid, x + LABEL_COLUMNS, sheet->line, TOP_PLAIN, sheet->grid.width, text);
    sheet->n_beside++;
    if (top_columns(text) > FACT_COLUMNS - LABEL_COLUMNS - 1) {
        end_facts(sheet);
    }
}

static void count_fact(struct sheet *sheet, const char *label, uint64_t value) {
    fact(sheet, label, "%" PRIu64, value);
}

static void bytes_fact(struct sheet *sheet, const char *label, double bytes) {
    char text[TOP_NUMBER_BYTES];
    top_format_bytes(text, bytes);
    if (bytes < 1024) {
        fact(sheet, label, "%s", text);
    } else {
        fact(sheet, label, "%.0f (%s)", bytes, text);
    }
}

static void column_fact(struct sheet *sheet, const char *label, enum top_column column) {
    char text[TOP_NUMBER_BYTES];
    if (!isnan(sheet->row.values[column])) {
        top_column_format(column, sheet->row.values[column], text);
        fact(sheet, label, "%s", text);
    }
}

static void limit_fact(struct sheet *sheet, const char *label, uint64_t bytes) {
    if (bytes == 0) {
        fact(sheet, label, "none");
    } else {
        bytes_fact(sheet, label, (double)bytes);
    }
}

static void pool_facts(struct sheet *sheet) {
    static const char *const policies[] = {"grow", "fail", "heap"};
    static const char *const kinds[] = {"pool", "size class of the heap", "destroyed pool"};
    const struct snapshot_pool *pool = &sheet->scene->model->now->pools[sheet->row.index];
    fact(sheet, "kind", "%s", (unsigned)pool->kind < 3 ? kinds[pool->kind] : "?");
    fact(sheet, "number, serial", "%u, %" PRIu64, pool->number, pool->serial);
    fact(sheet, "handle", "0x%" PRIx64, pool->address);
    count_fact(sheet, "live (hot)", pool->hot);
    count_fact(sheet, "free (cold)", pool->cold);
    bytes_fact(sheet, "live bytes", top_pool_bytes(pool));
    count_fact(sheet, "most live", pool->max_alloc);
    count_fact(sheet, "gets", pool->alloc_count);
    count_fact(sheet, "puts", pool->put_count);
    count_fact(sheet, "misses", pool->pool_misses);
    count_fact(sheet, "refused", pool->refused);
    count_fact(sheet, "from malloc", pool->curr_stdalloc);
    count_fact(sheet, "most from malloc", pool->max_stdalloc);
    bytes_fact(sheet, "object", (double)pool->object_bytes);
    bytes_fact(sheet, "slot", (double)pool->padded_bytes);
    count_fact(sheet, "align", pool->align);
    count_fact(sheet, "count", pool->count);
    count_fact(sheet, "limit", pool->limit);
    fact(sheet, "when empty", "%s", pool->on_empty < 3 ? policies[pool->on_empty] : "?");
    count_fact(sheet, "slabs", pool->slabs);
    bytes_fact(sheet, "of bytes", (double)pool->slab_bytes);
    count_fact(sheet, "slots", pool->slots);
    count_fact(sheet, "cached", pool->cached);
    count_fact(sheet, "in the depot", pool->depot);
    count_fact(sheet, "caches", pool->caches);
    count_fact(sheet, "magazines of", pool->magazine_rounds);
    count_fact(sheet, "misuse reports", pool->misuses);
    if (pool->is_uncached || pool->is_tight || pool->has_constructor) {
        fact(sheet, "and is", "%s%s%s", pool->is_uncached ? "uncached " : "",
             pool->is_tight ? "tight " : "", pool->has_constructor ? "constructed" : "");
    }
}

static void component_facts(struct sheet *sheet) {
    const struct snapshot *now = sheet->scene->model->now;
    const struct snapshot_component *component = &now->components[sheet->row.index];
    const struct top_branch *branch = &sheet->scene->model->branches[sheet->row.index];
    fact(sheet, "generation", "%u%s", component->generation, component->ended ? ", ended" : "");
    if (branch->parent >= 0) {
        fact(sheet, "below", "%s", now->components[branch->parent].name);
    }
    bytes_fact(sheet, "live, with below", branch->bytes);
    bytes_fact(sheet, "its blocks", (double)component->live_bytes);
    count_fact(sheet, "blocks", component->live_blocks);
    bytes_fact(sheet, "its pools' slabs", (double)component->pool_bytes);
    bytes_fact(sheet, "charged", (double)component->charged_bytes);
    limit_fact(sheet, "soft limit", component->soft_bytes);
    limit_fact(sheet, "hard limit", component->hard_bytes);
    count_fact(sheet, "refused", component->refused);
}

static void account_facts(struct sheet *sheet) {
    const struct snapshot_account *account = &sheet->scene->model->now->accounts[sheet->row.index];
    count_fact(sheet, "number", account->number);
    count_fact(sheet, "live blocks", account->live_blocks);
    bytes_fact(sheet, "live bytes", (double)account->live_bytes);
    count_fact(sheet, "most blocks", account->peak_blocks);
    bytes_fact(sheet, "most bytes", (double)account->peak_bytes);
    count_fact(sheet, "allocations", account->total_blocks);
    count_fact(sheet, "frees", account->total_frees);
}

static void site_facts(struct sheet *sheet) {
    const struct snapshot *sites = sheet->scene->model->sites;
    const struct snapshot_group *group = &sites->groups[sheet->row.index];
    bool has_image = group->image >= 0 && (size_t)group->image < sites->n_images;
    fact(sheet, "function", "%s", group->symbol);
    fact(sheet, "address", "0x%" PRIx64, group->site);
    if (has_image) {
        fact(sheet, "offset", "0x%" PRIx64, group->offset);
        fact(sheet, "in", "%s", sites->images[group->image].path);
        fact(sheet, "build id", "%s", sites->images[group->image].build_id);
    }
    count_fact(sheet, "live", group->count);
    bytes_fact(sheet, "live bytes", (double)group->bytes);
    bytes_fact(sheet, "mean", group->count ? (double)group->bytes / (double)group->count : NAN);
    column_fact(sheet, "oldest", TOP_OLDEST);
}

static void thread_facts(struct sheet *sheet) {
    const struct snapshot_thread *thread = &sheet->scene->model->now->threads[sheet->row.index];
    fact(sheet, "tid", "%" PRId64, thread->id);
    count_fact(sheet, "number", thread->number);
    column_fact(sheet, "attached", TOP_ATTACHED);
    count_fact(sheet, "caches", thread->caches);
    count_fact(sheet, "cached objects", thread->cached_objects);
    bytes_fact(sheet, "cached bytes", (double)thread->cached_bytes);
    bytes_fact(sheet, "granted", (double)thread->granted_bytes);
}

static void rates(struct sheet *sheet) {
    column_fact(sheet, "gets a second", TOP_GET_RATE);
    column_fact(sheet, "puts a second", TOP_PUT_RATE);
    column_fact(sheet, "misses a second", TOP_MISS_RATE);
    column_fact(sheet, "growth", TOP_GROWTH);
    column_fact(sheet, "share", TOP_SHARE);
}

static void history(struct sheet *sheet) {
    float values[TOP_SPARK_COLUMNS_MAX];
    char text[TOP_NUMBER_BYTES];
    if (sheet->scene->model->is_still) {
        return;
    }
    int n = sheet->grid.width - 2;
    n = n > 60 ? 60 : n;
    top_format_seconds(text, top_track_history(sheet->row.track, values, n));
    heading(sheet, sheet->scene->state->detail.view == TOP_THREADS ? "Cached bytes" : "Live bytes");
    top_spark(&sheet->grid, 2, sheet->line, values, n);
    top_putf(&sheet->grid, n + 3, sheet->line++, TOP_FAINT, "the last %s", text);
}

/* Whether a group's objects are the thing's. */
static bool is_its_group(const struct sheet *sheet, size_t group_index) {
    const struct top_model *model = sheet->scene->model;
    const struct snapshot *sites = model->sites;
    const struct snapshot_group *group = &sites->groups[group_index];
    switch (sheet->scene->state->detail.view) {
    case TOP_SITES:
        return group_index == sheet->row.index;
    case TOP_POOLS:
        return group->pool >= 0 && (size_t)group->pool < sites->n_pools &&
               top_key_equal(top_pool_key(&sites->pools[group->pool]), sheet->row.key);
    case TOP_ACCOUNTS:
        return group->account >= 0 && (size_t)group->account < sites->n_accounts &&
               sites->accounts[group->account].number == sheet->row.key.a;
    default:
        return false;
    }
}

static void ages(struct sheet *sheet) {
    static const char *const names[SNAPSHOT_AGES] = {"below 10 s", "below 1 min", "below 10 min",
                                                     "below 1 h",  "below 1 day", "older"};
    enum { NAME = 13, NUMBER = 12, BAR = 40 };
    const struct snapshot *sites = sheet->scene->model->sites;
    double counts[SNAPSHOT_AGES] = {0}, all = 0;
    for (size_t i = 0; i < sites->n_groups; i++) {
        for (int age = 0; is_its_group(sheet, i) && age < SNAPSHOT_AGES; age++) {
            counts[age] += (double)sites->groups[i].ages[age];
            all += (double)sites->groups[i].ages[age];
        }
    }
    heading(sheet, "Ages of live ones");
    for (int age = 0; age < SNAPSHOT_AGES; age++) {
        char text[TOP_NUMBER_BYTES + 16];
        snprintf(text, sizeof(text), "%.0f", counts[age]);
        top_put(&sheet->grid, 2, sheet->line, TOP_PLAIN, NAME, names[age]);
        top_put_right(&sheet->grid, 2 + NAME, sheet->line, TOP_PLAIN, NUMBER, text);
        top_bar(&sheet->grid, 4 + NAME + NUMBER, sheet->line++, BAR,
                all > 0 ? counts[age] / all : 0);
    }
}

static void site_line(struct sheet *sheet, const struct snapshot_group *group) {
    char count[TOP_NUMBER_BYTES], bytes[TOP_NUMBER_BYTES], oldest[TOP_NUMBER_BYTES];
    top_format_count(count, (double)group->count);
    top_format_bytes(bytes, (double)group->bytes);
    top_format_seconds(oldest, (double)group->oldest_seconds);
    top_putf(&sheet->grid, 2, sheet->line++, TOP_PLAIN, "%6s  %8s  %7s  %s", count, bytes, oldest,
             group->symbol);
}

static void call_sites(struct sheet *sheet) {
    const struct snapshot *sites = sheet->scene->model->sites;
    char title[64], ago[TOP_NUMBER_BYTES];
    double since = (double)(sheet->scene->now_ns - sheet->scene->model->sites_ns) / 1e9;
    top_format_seconds(ago, since);
    snprintf(title, sizeof(title), "Call sites%s%s%s", since < 1 ? "" : ", ", since < 1 ? "" : ago,
             since < 1 ? "" : " ago");
    heading(sheet, title);
    top_putf(&sheet->grid, 2, sheet->line++, TOP_FAINT, "%6s  %8s  %7s  %s", "live", "bytes",
             "oldest", "got at");
    size_t n = 0;
    for (size_t i = 0; i < sites->n_groups; i++) {
        if (is_its_group(sheet, i) && n++ < SITES_MAX) {
            site_line(sheet, &sites->groups[i]);
        }
    }
    if (n == 0) {
        top_put(&sheet->grid, 2, sheet->line++, TOP_FAINT, sheet->grid.width, "none");
    } else if (n > SITES_MAX) {
        top_putf(&sheet->grid, 2, sheet->line++, TOP_FAINT, "and %zu more", n - SITES_MAX);
    }
}

static void write_sheet(struct sheet *sheet) {
    static void (*const facts[TOP_VIEWS])(struct sheet *) = {
        [TOP_POOLS] = pool_facts,       [TOP_COMPONENTS] = component_facts,
        [TOP_ACCOUNTS] = account_facts, [TOP_SITES] = site_facts,
        [TOP_THREADS] = thread_facts,
    };
    enum top_view view = sheet->scene->state->detail.view;
    top_fill(&sheet->grid, 0, 0, sheet->grid.width, TOP_BAR);
    top_putf(&sheet->grid, 0, sheet->line++, TOP_BAR, "%s %s", top_views_known[view].one,
             sheet->row.name);
    facts[view](sheet);
    rates(sheet);
    end_facts(sheet);
    history(sheet);
    if (view == TOP_COMPONENTS || view == TOP_THREADS) {
        return;
    }
    if (sheet->scene->model->sites == NULL) {
        heading(sheet, "Ages and call sites");
        top_put(&sheet->grid, 2, sheet->line++, TOP_FAINT, sheet->grid.width,
                sheet->scene->model->is_still ? "This snapshot has none." : "Not read yet.");
        return;
    }
    ages(sheet);
    if (view != TOP_SITES) {
        call_sites(sheet);
    }
}

void top_draw_detail(struct top_grid *grid, int y, int n_rows, const struct top_scene *scene) {
    struct sheet sheet = {.grid = {.is_ascii = grid->is_ascii}, .scene = scene};
    struct top_state *state = scene->state;
    int64_t index = top_model_find(scene->model, state->detail.view, state->detail.key);
    if (index < 0) {
        top_putf(grid, 0, y, TOP_BAR, "This %s is gone. Esc goes back.",
                 top_views_known[state->detail.view].one);
        return;
    }
    if (top_grid_resize(&sheet.grid, grid->width, LINES) != 0) {
        return;
    }
    top_row_of(&sheet.row, scene->model, state->detail.view, (size_t)index);
    write_sheet(&sheet);
    top_scroll(grid, y, n_rows, &sheet.grid, sheet.line, &state->detail.first);
    top_grid_free(&sheet.grid);
}
