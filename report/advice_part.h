/* SPDX-License-Identifier: MIT */
/* The section about options, of a trace or of a process. */
#ifndef REPORT_ADVICE_PART_H
#define REPORT_ADVICE_PART_H

#include <stdio.h>

#include "analysis/advice.h"

/** advice_part: write it; nothing where there are no pools. */
void advice_part(const struct advice *advice, FILE *stream);

#endif
