/* SPDX-License-Identifier: MIT */
/* What the command says when something is wrong. */
#include "cli/message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/verb.h"

void complain(const char *verb, const char *format, ...) {
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    for (char *byte = text; *byte; byte++) {
        if ((unsigned char)*byte < 0x20 || *byte == 0x7f) {
            *byte = '?';
        }
    }
    fprintf(stderr, "mempool: %s%s%s\n", verb ? verb : "", verb ? ": " : "", text);
}

int finish_output(const char *verb) {
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return CLI_OK;
    }
    complain(verb, "cannot write the output%s%s", errno ? ": " : "", errno ? strerror(errno) : "");
    return CLI_FAILED;
}
