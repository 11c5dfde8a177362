/* SPDX-License-Identifier: MIT */
/* The command line of mempool-bench. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include "bench/peer_list.h"
#include "bench/results.h"
#include "bench/schedule.h"

/* What is left to do after reading the command line. */
enum options_outcome {
    OPTIONS_RUN,
    OPTIONS_LIST,
    OPTIONS_DONE,  /* --help was answered */
    OPTIONS_WRONG, /* said why on standard error: exit status 2 */
};

struct options {
    struct schedule_options schedule;
    const char *json_path; /* NULL: none */
    const char *trace_path;
    const char *heap_trace_path;
};

/** options_read: the command line into *ret, the list of peers and the choice of cases. */
enum options_outcome options_read(int argc, char **argv, struct options *ret,
                                  struct peer_list *peers, struct results *results);

#endif
