/* SPDX-License-Identifier: MIT */
/* Values of JSON as the command writes them. */
#ifndef CLI_JSON_VALUE_H
#define CLI_JSON_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

/** value_count: a counter; those of jansson are signed, so that the largest are cut. */
json_t *value_count(uint64_t value);

/** value_text: names and paths are bytes, JSON is UTF-8: what is not, or NULL, becomes null. */
json_t *value_text(const char *text);
/** value_text_of: the same of so many bytes. */
json_t *value_text_of(const char *text, size_t bytes);

/** value_address: "0x12ab", as text: programs that read JSON may have no integers so large. */
json_t *value_address(uint64_t address);

/** value_print: write it to standard output, and give it back. An exit status; NULL: no memory. */
int value_print(const char *verb, json_t *value);

/** value_print_line: the same on one line, at once. */
int value_print_line(const char *verb, json_t *value);

#endif
