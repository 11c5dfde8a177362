/* SPDX-License-Identifier: MIT */
/* Writing HTML. */
#include "report/html.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "report/quantity.h"
#include "report/shown.h"

enum {
    FORMAT_BYTES = 2048, /* of a formatted text; what is longer is cut */
};

void html_raw(FILE *stream, const char *markup) {
    fputs(markup, stream);
}

static void put_character(FILE *stream, const char *character, size_t n) {
    switch (*character) {
    case '&':
        fputs("&amp;", stream);
        break;
    case '<':
        fputs("&lt;", stream);
        break;
    case '>':
        fputs("&gt;", stream);
        break;
    case '"':
        fputs("&quot;", stream);
        break;
    case '\'':
        fputs("&#39;", stream);
        break;
    default:
        fwrite(character, 1, n, stream);
    }
}

void html_text(FILE *stream, const char *text) {
    while (*text) {
        size_t n = shown_character(text);
        if (n == 0) {
            fputs(SHOWN_REPLACEMENT, stream);
            n = 1;
        } else {
            put_character(stream, text, n);
        }
        text += n;
    }
}

void html_format(FILE *stream, const char *format, ...) {
    char text[FORMAT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    html_text(stream, text);
}

void html_table_begin(struct html_table *table, FILE *stream, const struct html_column *columns,
                      size_t n_columns, const char *class, const char *caption) {
    *table = (struct html_table){.stream = stream, .columns = columns, .n_columns = n_columns};
    fprintf(table->stream, "<div class=\"scroll\"><table class=\"%s\"><caption>", class);
    html_text(table->stream, caption);
    html_raw(table->stream, "</caption>\n<thead><tr>");
    for (size_t i = 0; i < table->n_columns; i++) {
        const struct html_column *column = &table->columns[i];
        fprintf(table->stream, "<th scope=\"col\"%s", column->is_text ? " class=\"text\"" : "");
        if (column->hint) {
            html_raw(table->stream, " title=\"");
            html_text(table->stream, column->hint);
            html_raw(table->stream, "\"");
        }
        html_raw(table->stream, ">");
        html_text(table->stream, column->title);
        html_raw(table->stream, "</th>");
    }
    html_raw(table->stream, "</tr></thead>\n<tbody>");
}

void html_table_end(struct html_table *table) {
    html_raw(table->stream, table->has_rows ? "</tr>" : "");
    html_raw(table->stream, "</tbody></table></div>\n");
}

void html_row(struct html_table *table) {
    html_raw(table->stream, table->has_rows ? "</tr>\n<tr>" : "\n<tr>");
    table->has_rows = true;
    table->at = 0;
}

/* `value` is what the column is sorted by. */
static void number_cell(struct html_table *table, double value, const char *text) {
    fprintf(table->stream, "<td data-v=\"%.15g\">", value);
    html_text(table->stream, text);
    html_raw(table->stream, "</td>");
    table->at++;
}

void html_cell_begin(struct html_table *table) {
    html_raw(table->stream, table->columns[table->at].is_text ? "<td class=\"text\">" : "<td>");
}

void html_cell_end(struct html_table *table) {
    html_raw(table->stream, "</td>");
    table->at++;
}

void html_cell(struct html_table *table, const char *text) {
    html_cell_begin(table);
    html_text(table->stream, text);
    html_cell_end(table);
}

void html_cell_count(struct html_table *table, int64_t count) {
    number_cell(table, (double)count, count < 0 ? "\342\200\223" : quantity_count(count).text);
}

void html_cell_bytes(struct html_table *table, double bytes) {
    number_cell(table, bytes, quantity_bytes(bytes).text);
}

void html_cell_signed_bytes(struct html_table *table, double bytes) {
    char text[QUANTITY_BYTES + 1];
    snprintf(text, sizeof(text), "%s%s", bytes > 0 ? "+" : "", quantity_bytes(bytes).text);
    number_cell(table, bytes, text);
}

void html_cell_duration(struct html_table *table, double ns) {
    number_cell(table, ns, ns > 0 ? quantity_duration(ns).text : "\342\200\223");
}

void html_cell_share(struct html_table *table, int thousandths) {
    number_cell(table, thousandths,
                thousandths < 0 ? "\342\200\223" : quantity_share((unsigned)thousandths).text);
}

void html_cell_heat(struct html_table *table, double percent, const char *text, const char *hint) {
    if (percent > 0) {
        fprintf(table->stream, "<td class=\"heat%s\" style=\"--h:%.0f\"",
                percent > 55 ? " hot" : "", percent < 4 ? 4 : percent);
    } else {
        html_raw(table->stream, "<td class=\"heat\"");
    }
    if (hint) {
        html_raw(table->stream, " title=\"");
        html_text(table->stream, hint);
        html_raw(table->stream, "\"");
    }
    html_raw(table->stream, ">");
    html_text(table->stream, text);
    html_raw(table->stream, "</td>");
    table->at++;
}
