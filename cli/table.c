/* SPDX-License-Identifier: MIT */
/* Tables of text with aligned columns. */
#include "cli/table.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

enum {
    GAP_COLUMNS = 2, /* between two columns of a table */
};

struct table_row {
    struct table_row *next;
    const char *cells[TABLE_COLUMNS_MAX]; /* NULL: empty */
};

void table_row(struct table *table) {
    struct table_row *row = replay_memory_take(&table->memory, 1, sizeof(*row));
    if (!row) {
        table->is_short = true;
        return;
    }
    if (table->last) {
        table->last->next = row;
    } else {
        table->first = row;
    }
    table->last = row;
    table->n_cells = 0;
}

static void clean(char *text) {
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            *text = '?';
        }
    }
}

void table_cell(struct table *table, const char *format, ...) {
    if (table->is_short || table->n_cells >= table->n_columns) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    size_t bytes = length < 0 ? 1 : (size_t)length + 1;
    char *text = replay_memory_take(&table->memory, bytes, 1);
    if (!text) {
        table->is_short = true;
        return;
    }
    va_start(arguments, format);
    vsnprintf(text, bytes, format, arguments);
    va_end(arguments);
    clean(text);
    table->last->cells[table->n_cells++] = text;
}

/* Columns of a terminal, as far as that is known: characters of UTF-8. */
static size_t text_width(const char *text) {
    size_t width = 0;
    for (; *text; text++) {
        width += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return width;
}

static const char *cell_text(const struct table_row *row, size_t column) {
    return row->cells[column] ? row->cells[column] : "";
}

static size_t column_width(const struct table *table, size_t column) {
    size_t width = text_width(table->titles[column]);
    for (const struct table_row *row = table->first; row; row = row->next) {
        size_t cell = text_width(cell_text(row, column));
        width = cell > width ? cell : width;
    }
    return width;
}

static void print_cell(const struct table *table, FILE *stream, size_t column, const char *text,
                       size_t width) {
    bool is_last = column + 1 == table->n_columns;
    int rest = (int)(width - text_width(text));
    if (!table->is_left[column]) {
        fprintf(stream, "%*s%s", rest, "", text);
    } else {
        /* no blanks at the end of a line */
        fprintf(stream, "%s%*s", text, is_last ? 0 : rest, "");
    }
    fprintf(stream, "%*s", is_last ? 0 : GAP_COLUMNS, "");
}

int table_print(const struct table *table, FILE *stream) {
    size_t widths[TABLE_COLUMNS_MAX];
    if (table->is_short) {
        return -ENOMEM;
    }
    for (size_t column = 0; column < table->n_columns; column++) {
        widths[column] = column_width(table, column);
        print_cell(table, stream, column, table->titles[column], widths[column]);
    }
    fputc('\n', stream);
    for (const struct table_row *row = table->first; row; row = row->next) {
        for (size_t column = 0; column < table->n_columns; column++) {
            print_cell(table, stream, column, cell_text(row, column), widths[column]);
        }
        fputc('\n', stream);
    }
    return 0;
}

void table_release(struct table *table) {
    replay_memory_release(&table->memory);
    table->first = NULL;
    table->last = NULL;
}
