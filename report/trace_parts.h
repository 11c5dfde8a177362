/* SPDX-License-Identifier: MIT */
/* The parts of the report about a trace. */
#ifndef REPORT_TRACE_PARTS_H
#define REPORT_TRACE_PARTS_H

#include "analysis/advice.h"
#include "analysis/flow.h"
#include "analysis/timeline.h"
#include "analysis/usage.h"
#include "report/page.h"

/* What all parts are made of. */
struct trace_study {
    const struct trace *trace;
    struct usage *usage;
    struct magazines *magazines;
    struct advice *advice;
    struct tracks classes, components;
    struct timeline *timeline;
    struct flow *flow;
    struct replay_memory memory; /* of the next, and of tracks */
    uint32_t *by_peak;           /* classes, most bytes at their peak first */
    uint32_t *by_puts;           /* most puts first */
};

/* Each writes its section, and adds its chart's data. */
void trace_part_live(const struct trace_study *study, struct charts *charts, FILE *stream);
void trace_part_rates(const struct trace_study *study, struct charts *charts, FILE *stream);
void trace_part_classes(const struct trace_study *study, FILE *stream);
void trace_part_lifetimes(const struct trace_study *study, struct charts *charts, FILE *stream);
void trace_part_sizes(const struct trace_study *study, struct charts *charts, FILE *stream);
void trace_part_flow(const struct trace_study *study, FILE *stream);
void trace_part_leftovers(const struct trace_study *study, FILE *stream);

#endif
