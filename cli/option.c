/* SPDX-License-Identifier: MIT */
/* What the verbs' command lines share. */
#include "cli/option.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/message.h"
#include "cli/verb.h"

int option_refuse(const char *verb, const char *what, const char *word) {
    complain(verb, "%s '%s' (see mempool %s --help)", what, word, verb);
    return CLI_BAD_USAGE;
}

int option_unknown(const char *verb, int returned, char **argv) {
    const char *word = argv[optind - 1];
    if (returned == ':') {
        return option_refuse(verb, "a value is missing after", word);
    }
    if (optopt >= OPTION_LONG) {
        return option_refuse(verb, "this option takes no value:", word);
    }
    char letter[] = {'-', (char)optopt, '\0'};
    return option_refuse(verb, "unknown option", optopt ? letter : word);
}

int option_number(const char *verb, const char *option, const char *text, unsigned min,
                  unsigned max, unsigned *ret) {
    uint64_t value = 0;
    const char *digit = text;
    for (; *digit >= '0' && *digit <= '9' && value <= max; digit++) {
        value = value * 10 + (uint64_t)(*digit - '0');
    }
    bool is_number = digit != text && *digit == '\0';
    if (!is_number || value < min || value > max) {
        complain(verb, "%s takes a number from %u to %u, not '%s' (see mempool %s --help)", option,
                 min, max, text, verb);
        return CLI_BAD_USAGE;
    }
    *ret = (unsigned)value;
    return CLI_OK;
}
