/* SPDX-License-Identifier: MIT */
/* In place of the JSON report, in a build without the JSON library. */
#include <errno.h>

#include "cli/site_report.h"

int site_report_json(const struct site_report *report, FILE *stream) {
    (void)report;
    (void)stream;
    return -ENOTSUP;
}

bool site_report_has_json(void) {
    return false;
}
