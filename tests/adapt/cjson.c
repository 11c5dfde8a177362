/* SPDX-License-Identifier: MIT */
/* cJSON: a document made, printed, parsed again and compared. */
#include "books.h"

#include <mempool/adapt/cjson.h>

enum { ROWS = 1000 };

static cJSON *make_document(void) {
    cJSON *document = cJSON_CreateObject();
    cJSON *rows = cJSON_AddArrayToObject(document, "rows");
    for (int i = 0; i < ROWS; i++) {
        cJSON *row = cJSON_CreateObject();
        CHECK(cJSON_AddNumberToObject(row, "number", i));
        CHECK(cJSON_AddStringToObject(row, "name", "some \"quoted\" text"));
        CHECK(cJSON_AddNullToObject(row, "nothing"));
        CHECK(cJSON_AddItemToArray(rows, row));
    }
    return document;
}

int main(void) {
    struct mempool_component *component = books_begin("documents");
    mempool_adapt_cjson(component);

    cJSON *document = make_document();
    books_check_live(component, "cjson", (uint64_t)ROWS * sizeof(cJSON) * 4);
    char *text = cJSON_Print(document);
    CHECK(text);
    cJSON *again = cJSON_Parse(text);
    CHECK(again && cJSON_Compare(document, again, 1));
    CHECK(!cJSON_Parse("[1, 2, {\"unfinished\":"));
    books_check_live(component, "cjson", (uint64_t)ROWS * sizeof(cJSON) * 8 + strlen(text));

    cJSON_free(text);
    cJSON_Delete(document);
    cJSON_Delete(again);
    books_check_rest(component);
    return 0;
}
