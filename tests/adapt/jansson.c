/* SPDX-License-Identifier: MIT */
/* Jansson: a document made, dumped, read again and compared. */
#include "books.h"

#include <mempool/adapt/jansson.h>

enum { ROWS = 1000 };

static json_t *make_document(void) {
    json_t *rows = json_array();
    for (int i = 0; i < ROWS; i++) {
        json_t *row = json_pack("{s:i, s:s, s:[f, b, n]}", "number", i, "name", "some text", "more",
                                i / 4.0, i % 2);
        CHECK(row);
        CHECK(json_array_append_new(rows, row) == 0);
    }
    return json_pack("{s:o, s:s}", "rows", rows, "empty", "");
}

int main(void) {
    struct mempool_component *component = books_begin("documents");
    mempool_adapt_jansson(component);

    json_t *document = make_document();
    CHECK(document);
    books_check_live(component, "jansson", (uint64_t)ROWS * 100);
    char *text = json_dumps(document, JSON_INDENT(2) | JSON_SORT_KEYS);
    CHECK(text);
    json_error_t error;
    json_t *again = json_loads(text, 0, &error);
    CHECK(again && json_equal(document, again));
    CHECK(!json_loads("[1, 2, {\"unfinished\":", 0, &error));
    books_check_live(component, "jansson", (uint64_t)ROWS * 200 + strlen(text));

    mempool_free(text);
    json_decref(document);
    json_decref(again);
    books_check_rest(component);
    return 0;
}
