/* SPDX-License-Identifier: MIT */
/* Why something could not be looked at. */
#include "inspect/failure.h"

#include <stdarg.h>
#include <stdio.h>

int failure(struct snapshot_error *error, int code, const char *format, ...) {
    va_list arguments;
    error->code = code;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
    for (char *byte = error->text; *byte; byte++) {
        if ((unsigned char)*byte < 0x20 || *byte == 0x7f) {
            *byte = '?';
        }
    }
    return code;
}
