/* SPDX-License-Identifier: MIT */
/* The report about a trace. */
#ifndef REPORT_TRACE_PAGE_H
#define REPORT_TRACE_PAGE_H

#include <stdio.h>

#include "replay/trace.h"

/** trace_page_write: the whole page; the same trace gives the same bytes. 0 or -ENOMEM; errors of
 *  the stream are left in it. */
int trace_page_write(const struct trace *trace, FILE *stream);

#endif
