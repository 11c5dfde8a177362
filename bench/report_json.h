/* SPDX-License-Identifier: MIT */
/* The report as JSON. */
#ifndef BENCH_REPORT_JSON_H
#define BENCH_REPORT_JSON_H

#include "bench/machine.h"
#include "bench/results.h"

/** report_json_write: everything that was measured, to a file; 0 or a negative errno. */
int report_json_write(const char *path, const struct machine_facts *machine,
                      const struct results *results);

#endif
