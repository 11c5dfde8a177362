/* SPDX-License-Identifier: MIT */
/* What the verbs' command lines share: numbers, and what to say of bad options. */
#ifndef CLI_OPTION_H
#define CLI_OPTION_H

enum {
    OPTION_LONG = 256, /* the first number for getopt_long of an option without a letter */
};

/** option_refuse: "WHAT 'WORD' (see mempool VERB --help)".  CLI_BAD_USAGE. */
int option_refuse(const char *verb, const char *what, const char *word);

/** option_unknown: refuse what getopt_long returned '?' or ':' for. The options' string begins
 *  with a colon.  CLI_BAD_USAGE. */
int option_unknown(const char *verb, int returned, char **argv);

/** option_number: the decimal number that `option` takes; CLI_OK or, with a complaint,
 *  CLI_BAD_USAGE. */
int option_number(const char *verb, const char *option, const char *text, unsigned min,
                  unsigned max, unsigned *ret);

#endif
