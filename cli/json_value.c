/* SPDX-License-Identifier: MIT */
/* Values of JSON as the command writes them. */
#include "cli/json_value.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/message.h"
#include "cli/verb.h"

json_t *value_count(uint64_t value) {
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

json_t *value_text(const char *text) {
    json_t *made = text ? json_string(text) : NULL;
    return made ? made : json_null();
}

json_t *value_text_of(const char *text, size_t bytes) {
    json_t *made = json_stringn(text, bytes);
    return made ? made : json_null();
}

json_t *value_address(uint64_t address) {
    char text[24];
    snprintf(text, sizeof(text), "0x%" PRIx64, address);
    return json_string(text);
}

static int print(const char *verb, json_t *value, size_t flags) {
    if (!value) {
        complain(verb, "out of memory");
        return CLI_FAILED;
    }
    /* What goes wrong on the way, the stream remembers. */
    int result = json_dumpf(value, stdout, flags);
    json_decref(value);
    fputc('\n', stdout);
    int status = finish_output(verb);
    if (status == CLI_OK && result != 0) {
        complain(verb, "out of memory");
        status = CLI_FAILED;
    }
    return status;
}

int value_print(const char *verb, json_t *value) {
    return print(verb, value, JSON_INDENT(2));
}

int value_print_line(const char *verb, json_t *value) {
    return print(verb, value, JSON_COMPACT);
}
