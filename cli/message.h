/* SPDX-License-Identifier: MIT */
/* What the command says when something is wrong. */
#ifndef CLI_MESSAGE_H
#define CLI_MESSAGE_H

/** complain: write "mempool: VERB: text" (without "VERB: " where verb is NULL) to standard error,
 *  as one line: control characters become '?'. */
void complain(const char *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** finish_output: flush standard output; CLI_OK, or CLI_FAILED with a complaint when not all of it
 *  could be written. */
int finish_output(const char *verb);

#endif
