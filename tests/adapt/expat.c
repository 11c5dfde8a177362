/* SPDX-License-Identifier: MIT */
/* Expat: a document with entities and many attributes, in small pieces; and one that is broken. */
#include "books.h"

#include <mempool/adapt/expat.h>

enum { ELEMENTS = 2000 };

static int started, characters;

static void on_start(void *component, const XML_Char *name, const XML_Char **attributes) {
    CHECK(strcmp(name, "list") == 0 || (attributes[0] && attributes[2]));
    if (started++ == ELEMENTS / 2) {
        books_check_live((struct mempool_component *)component, "expat", 5000);
    }
}

static void on_text(void *unused, const XML_Char *text, int length) {
    (void)unused;
    (void)text;
    characters += length;
}

static void on_model(void *parser, const XML_Char *name, XML_Content *model) {
    CHECK(strcmp(name, "list") == 0);
    XML_FreeContentModel((XML_Parser)parser, model);
}

static enum XML_Status feed(XML_Parser parser, const char *text, int final) {
    return XML_Parse(parser, text, (int)strlen(text), final);
}

static void parse_document(XML_Parser parser) {
    CHECK(feed(parser, "<?xml version='1.0' encoding='UTF-8'?>\n<!DOCTYPE list [\n", 0));
    CHECK(feed(parser, "<!ELEMENT list (item)*>\n<!ENTITY long 'a long text'>]>\n<li", 0));
    CHECK(feed(parser, "st>", 0) == XML_STATUS_OK);
    for (int i = 0; i < ELEMENTS; i++) {
        char element[120];
        snprintf(element, sizeof element, "<item number='%d' name_%d='&long;'>text &long;</item", i,
                 i % 100);
        CHECK(feed(parser, element, 0) == XML_STATUS_OK);
        CHECK(feed(parser, ">", 0) == XML_STATUS_OK);
    }
    CHECK(feed(parser, "</list>", 1) == XML_STATUS_OK);
    CHECK_EQUAL(started, ELEMENTS + 1);
    CHECK_EQUAL(characters, ELEMENTS * strlen("text a long text"));
}

/* What handlers may allocate by the parser's own functions. */
static void check_sizes(XML_Parser parser) {
    char *block = XML_MemRealloc(parser, NULL, 10);
    CHECK(block);
    memcpy(block, "123456789", 10);
    block = XML_MemRealloc(parser, block, 100000);
    CHECK(block && strcmp(block, "123456789") == 0);
    XML_MemFree(parser, block);
    XML_MemFree(parser, XML_MemMalloc(parser, 0));
    XML_MemFree(parser, NULL);
}

int main(void) {
    struct mempool_component *component = books_begin("documents");
    const XML_Memory_Handling_Suite *suite = mempool_adapt_expat(component);
    XML_Parser parser = XML_ParserCreate_MM(NULL, suite, NULL);
    CHECK(parser);
    check_sizes(parser);
    XML_SetUserData(parser, component);
    XML_SetStartElementHandler(parser, on_start);
    XML_SetCharacterDataHandler(parser, on_text);
    parse_document(parser);

    CHECK(XML_ParserReset(parser, "UTF-8"));
    XML_UseParserAsHandlerArg(parser);
    XML_SetElementDeclHandler(parser, on_model);
    CHECK(feed(parser, "<!DOCTYPE list [<!ELEMENT list (a|(b,c))*>]><list><a></list>", 1) ==
          XML_STATUS_ERROR);
    books_check_live(component, "expat", 1000);
    XML_ParserFree(parser);
    books_check_rest(component);
    return 0;
}
