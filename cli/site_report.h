/* SPDX-License-Identifier: MIT */
/* How call sites are written, for `mempool leaks` and `mempool diff`. */
#ifndef CLI_SITE_REPORT_H
#define CLI_SITE_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/snapshot.h"
#include "cli/source.h"
#include "view/snapshot.h"

struct site_report {
    unsigned n_snapshots; /* 1: what is live; 2: what became more from one to the other */
    const char *paths[2];
    const struct snapshot *snapshots[2]; /* all that is known; NULL: the lines only */
    const struct snapshot_line *lines; /* those that were asked for, in order */
    size_t n_lines, n_shown;
    size_t most; /* lines of other tables to show */
    bool is_all; /* of those, also what did not grow */
    struct snapshot_line total;    /* of all lines of the snapshots */
    struct source_reader *sources; /* NULL: without lines of the source */
};

/** site_growth: from the first of two numbers to the second. */
static inline int64_t site_growth(const uint64_t sides[2]) {
    return (int64_t)(sides[1] - sides[0]);
}

/** site_report_table: a table for people.  0 or a negative errno. */
int site_report_table(const struct site_report *report, FILE *stream);

/** site_report_json: everything, for programs.  0 or a negative errno. */
int site_report_json(const struct site_report *report, FILE *stream);

#endif
