/* SPDX-License-Identifier: MIT */
/* mempool-bench: compares mempool with the other allocators of this machine. */
#include "bench/machine.h"
#include "bench/options.h"
#include "bench/report_json.h"
#include "bench/report_text.h"
#include "bench/schedule.h"
#include "bench/worker_process.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int fail(const char *what, int status) {
    (void)fprintf(stderr, "mempool-bench: %s: %s\n", what, strerror(-status));
    return 1;
}

static int run(const struct options *options, const struct peer_list *peers,
               struct results *results) {
    struct machine_facts machine;
    machine_read(&machine);
    report_text_head(stdout, &machine, peers);
    schedule_run(results, &options->schedule);
    report_text_body(stdout, results);
    if (options->json_path != NULL) {
        int status = report_json_write(options->json_path, &machine, results);
        if (status != 0) {
            return fail(options->json_path, status);
        }
    }
    return results_failures(results) > 0 ? 1 : 0;
}

/* The first trace that a chosen case replays and that cannot be read; NULL: none. */
static const char *missing_trace(const struct results *results, const struct options *options) {
    for (size_t i = 0; i < bench_n_cases; i++) {
        const char *path =
            case_uses_heap(&bench_cases[i]) ? options->heap_trace_path : options->trace_path;
        if (results->chosen[i] && case_replays(&bench_cases[i]) && access(path, R_OK) != 0) {
            return path;
        }
    }
    return NULL;
}

int main(int argc, char **argv) {
    static struct results results;
    static struct peer_list peers;
    struct options options;
    peer_list_init(&peers);
    results.peers = &peers;
    enum options_outcome outcome = options_read(argc, argv, &options, &peers, &results);
    if (outcome == OPTIONS_DONE || outcome == OPTIONS_WRONG) {
        return outcome == OPTIONS_DONE ? 0 : 2;
    }
    int status = worker_process_setup(options.trace_path, options.heap_trace_path);
    if (status != 0) {
        return fail("cannot find its workers", status);
    }
    status = peer_list_probe(&peers);
    if (status != 0) {
        (void)fprintf(stderr, "mempool-bench: the worker of mempool itself does not start: %s\n",
                      peers.peers[PEER_OURS].hello.reason);
        return 1;
    }
    if (outcome == OPTIONS_LIST) {
        report_text_list(stdout, &peers);
        return 0;
    }
    const char *missing = missing_trace(&results, &options);
    if (missing != NULL) {
        (void)fprintf(stderr, "mempool-bench: cannot read the trace %s: %s\n", missing,
                      strerror(errno));
        return 2;
    }
    return run(&options, &peers, &results);
}
