/* SPDX-License-Identifier: MIT */
/* How advice is written. */
#ifndef CLI_ADVICE_REPORT_H
#define CLI_ADVICE_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "analysis/advice.h"

struct advice_report {
    const struct advice *advice;
    const char *source; /* the file, or the process */
    bool is_trace;      /* else counters */
    bool is_all;        /* pools whose options are right, too */
};

/** advice_report_table, advice_report_json: 0 or -ENOMEM; errors of the stream are left in it. */
int advice_report_table(const struct advice_report *report, FILE *stream);
int advice_report_json(const struct advice_report *report, FILE *stream);

#endif
