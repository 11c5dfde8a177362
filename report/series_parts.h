/* SPDX-License-Identifier: MIT */
/* The parts of the report about a series of snapshots. */
#ifndef REPORT_SERIES_PARTS_H
#define REPORT_SERIES_PARTS_H

#include "report/page.h"
#include "report/series_page.h"

/* Each writes its section, and adds its chart's data. */
void series_part_live(const struct series *series, struct charts *charts, FILE *stream);
void series_part_resident(const struct series *series, struct charts *charts, FILE *stream);
void series_part_growth(const struct series *series, struct charts *charts, FILE *stream);
void series_part_growth_tables(const struct series *series, FILE *stream);
void series_part_pools(const struct series_report *report, FILE *stream);
void series_part_ages(const struct snapshot *last, FILE *stream);

#endif
