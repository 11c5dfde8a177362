/* SPDX-License-Identifier: MIT */
/* The order of rows. */
#include "cli/top/order.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What rows are sorted by: small, since it moves often. */
struct ticket {
    double value;
    const char *text; /* NULL: by value */
    uint32_t row;     /* its number before */
};

static int compare_numbers(double left, double right) {
    return (left > right) - (left < right);
}

/* The less first; not-a-numbers are the greatest. */
static int compare(const void *left, const void *right) {
    const struct ticket *a = left, *b = right;
    int order = a->text ? strcmp(a->text, b->text) : 0;
    if (order == 0) {
        order = isnan(a->value) || isnan(b->value) ? (isnan(a->value) != 0) - (isnan(b->value) != 0)
                                                   : compare_numbers(a->value, b->value);
    }
    return order ? order : (a->row > b->row) - (a->row < b->row);
}

static void swap_ends(struct ticket *tickets, size_t n) {
    for (size_t i = 0; i < n / 2; i++) {
        struct ticket ticket = tickets[i];
        tickets[i] = tickets[n - 1 - i];
        tickets[n - 1 - i] = ticket;
    }
}

/* The rows' tickets, in order; NULL: no memory. */
static struct ticket *sort(const struct top_rows *rows, const struct top_choice *choice) {
    struct ticket *tickets = malloc((rows->n + 1) * sizeof(*tickets));
    if (tickets == NULL) {
        return NULL;
    }
    bool is_text = choice->sort == TOP_NAME || choice->sort == TOP_PLACE;
    bool is_down = is_text == choice->is_reversed;
    for (size_t i = 0; i < rows->n; i++) {
        const struct top_row *row = &rows->at[i];
        double value = row->values[choice->sort];
        tickets[i].value = is_text ? 0 : is_down ? -value : value;
        tickets[i].text = !is_text ? NULL : choice->sort == TOP_NAME ? row->name : row->place;
        tickets[i].row = (uint32_t)i;
    }
    qsort(tickets, rows->n, sizeof(*tickets), compare);
    if (is_text && is_down) {
        swap_ends(tickets, rows->n);
    }
    return tickets;
}

static void swap_spare(struct top_rows *rows, size_t n) {
    struct top_row *before = rows->at;
    rows->at = rows->spare;
    rows->spare = before;
    rows->n = n;
}

int top_order(struct top_rows *rows, const struct top_choice *choice) {
    struct ticket *tickets = sort(rows, choice);
    if (tickets == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < rows->n; i++) {
        rows->spare[i] = rows->at[tickets[i].row];
    }
    swap_spare(rows, rows->n);
    free(tickets);
    return 0;
}

/* A row's place in the tree. Numbers of rows; none: their number. */
struct node {
    uint32_t parent, first_child, next_sibling;
    bool is_wanted;
};

/* The row of the nearest component above that has one. */
static uint32_t parent_row(const struct top_rows *rows, const struct top_model *model, size_t row,
                           const uint32_t *row_of_component) {
    int32_t above = model->branches[rows->at[row].index].parent;
    while (above >= 0 && row_of_component[above] == rows->n) {
        above = model->branches[above].parent;
    }
    return above >= 0 ? row_of_component[above] : (uint32_t)rows->n;
}

static void plant(struct node *nodes, const struct top_rows *rows, const struct top_model *model,
                  const struct top_choice *choice, uint32_t *row_of_component) {
    uint32_t none = (uint32_t)rows->n;
    for (size_t i = 0; i < model->n_found[TOP_COMPONENTS]; i++) {
        row_of_component[i] = none;
    }
    for (uint32_t row = 0; row < none; row++) {
        row_of_component[rows->at[row].index] = row;
    }
    nodes[none] = (struct node){none, none, none, true};
    for (uint32_t row = 0; row < none; row++) {
        uint32_t parent = parent_row(rows, model, row, row_of_component);
        nodes[row] = (struct node){parent, none, none, false};
        /* Parents have lower numbers: theirs are set already. */
        bool is_wanted = top_row_matches(&rows->at[row], choice->filter);
        for (uint32_t up = row; is_wanted && !nodes[up].is_wanted; up = nodes[up].parent) {
            nodes[up].is_wanted = true;
        }
    }
}

/* From parents to children and from sibling to sibling; how many rows. */
static size_t walk(const struct node *nodes, struct top_rows *rows) {
    uint32_t none = (uint32_t)rows->n, at = nodes[none].first_child;
    size_t n = 0;
    int depth = 0;
    while (at != none) {
        rows->spare[n] = rows->at[at];
        rows->spare[n++].depth = depth;
        if (nodes[at].first_child != none) {
            at = nodes[at].first_child;
            depth++;
            continue;
        }
        while (at != none && nodes[at].next_sibling == none) {
            at = nodes[at].parent;
            depth--;
        }
        at = at == none ? none : nodes[at].next_sibling;
    }
    return n;
}

int top_order_tree(struct top_rows *rows, const struct top_model *model,
                   const struct top_choice *choice) {
    struct ticket *tickets = sort(rows, choice);
    struct node *nodes = malloc((rows->n + 1) * sizeof(*nodes));
    uint32_t *row_of_component =
        malloc((model->n_found[TOP_COMPONENTS] + 1) * sizeof(*row_of_component));
    int result = -ENOMEM;
    if (tickets != NULL && nodes != NULL && row_of_component != NULL) {
        plant(nodes, rows, model, choice, row_of_component);
        for (size_t i = rows->n; i-- > 0;) {
            struct node *node = &nodes[tickets[i].row];
            if (node->is_wanted) {
                node->next_sibling = nodes[node->parent].first_child;
                nodes[node->parent].first_child = tickets[i].row;
            }
        }
        swap_spare(rows, walk(nodes, rows));
        result = 0;
    }
    free(tickets);
    free(nodes);
    free(row_of_component);
    return result;
}
