/* SPDX-License-Identifier: MIT */
/* The report as text: machine, peers, one aligned table, targets. */
#ifndef BENCH_REPORT_TEXT_H
#define BENCH_REPORT_TEXT_H

#include "bench/machine.h"
#include "bench/results.h"

#include <stdio.h>

/** report_text_head: machine and peers, before anything is measured. */
void report_text_head(FILE *out, const struct machine_facts *machine,
                      const struct peer_list *peers);

/** report_text_body: the table, what failed, the mean, the targets. */
void report_text_body(FILE *out, const struct results *results);

/** report_text_list: the cases and the peers, for --list. */
void report_text_list(FILE *out, const struct peer_list *peers);

#endif
