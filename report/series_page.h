/* SPDX-License-Identifier: MIT */
/* The report about a series of snapshots. */
#ifndef REPORT_SERIES_PAGE_H
#define REPORT_SERIES_PAGE_H

#include <stdio.h>

#include "analysis/series.h"

/* What a page is of. */
struct series_report {
    const struct series *series;         /* finished, with a snapshot at least */
    const struct snapshot *first, *last; /* the ones of the first and the last moment */
    size_t n_files; /* given; more than the series has: the rest was left out */
};

/** series_page_write: the whole page; the same snapshots give the same bytes. 0 or -ENOMEM; errors
 *  of the stream are left in it. */
int series_page_write(const struct series_report *report, FILE *stream);

#endif
