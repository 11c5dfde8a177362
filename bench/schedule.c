/* SPDX-License-Identifier: MIT */
/* The interleaved rounds of each case. */
#include "bench/schedule.h"
#include "bench/machine.h"
#include "bench/worker_process.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LARGE_LIVE_BYTES ((size_t)256 << 20) /* from here on available memory is looked at */

/* One case, one worker per peer. */
struct turn {
    struct results *results;
    const struct schedule_options *options;
    size_t case_index;
    struct peer_list *peers; /* a copy: a worker's hello goes there */
    struct worker_process workers[PEERS_MAX];
};

static void note_failure(struct measurement *measurement, int status, const char *reason) {
    measurement->state = status == -ENOTSUP ? MEASUREMENT_UNSUITABLE : MEASUREMENT_FAILED;
    (void)snprintf(measurement->reason, sizeof(measurement->reason), "%s",
                   reason[0] != '\0' ? reason : strerror(-status));
}

/* One round of one peer. */
static void run_round(struct turn *turn, size_t place) {
    const struct bench_case *test = &bench_cases[turn->case_index];
    struct measurement *measurement = &turn->results->measurements[turn->case_index][place];
    struct worker_process *worker = &turn->workers[place];
    if (measurement->state == MEASUREMENT_FAILED || measurement->state == MEASUREMENT_UNSUITABLE) {
        return;
    }
    if (worker->pid == 0) {
        int status = worker_process_start(worker, &turn->peers->peers[place], WORKER_LOUD);
        if (status != 0) {
            note_failure(measurement, status, turn->peers->peers[place].hello.reason);
            return;
        }
    }
    struct worker_request request = {
        .case_index = (uint32_t)turn->case_index,
        .target_ns = (uint64_t)turn->options->slice_ms * 1000000u,
    };
    machine_cpus(request.cpus);
    struct worker_reply reply;
    int status = worker_process_ask(worker, &request, &reply);
    if (status != 0 || reply.status != 0) {
        note_failure(measurement, status != 0 ? status : reply.status, reply.reason);
    } else {
        measurement->state = MEASUREMENT_DONE;
        measurement->samples[measurement->n++] = reply.value;
    }
    if (test->fresh || measurement->state != MEASUREMENT_DONE) {
        worker_process_stop(worker);
    }
}

/* NULL, or why the case cannot be run here. */
static const char *reason_to_skip(const struct bench_case *test) {
    if (test->threads > machine_n_cpus()) {
        return "needs two CPUs";
    }
    /* The most wasteful peer takes two bytes per live byte; the pointers to them come on top. */
    size_t needed = test->live * test->object_bytes * 5 / 2;
    if (needed > LARGE_LIVE_BYTES && needed > machine_available_bytes()) {
        return "too little memory available";
    }
    return NULL;
}

static void run_case(struct turn *turn) {
    const struct bench_case *test = &bench_cases[turn->case_index];
    unsigned rounds = test->fresh ? turn->options->fresh_rounds : turn->options->rounds;
    turn->results->skipped[turn->case_index] = reason_to_skip(test);
    if (turn->results->skipped[turn->case_index] != NULL) {
        return;
    }
    for (unsigned round = 0; round < rounds; round++) {
        for (size_t i = 0; i < turn->peers->n; i++) {
            if (turn->peers->peers[i].available && (i == PEER_OURS || !test->ours_only)) {
                run_round(turn, i);
            }
        }
    }
    for (size_t i = 0; i < turn->peers->n; i++) {
        worker_process_stop(&turn->workers[i]);
    }
}

void schedule_run(struct results *results, const struct schedule_options *options) {
    static struct peer_list peers;
    peers = *results->peers;
    size_t chosen = 0;
    size_t done = 0;
    for (size_t i = 0; i < bench_n_cases; i++) {
        chosen += results->chosen[i];
    }
    for (size_t i = 0; i < bench_n_cases; i++) {
        if (!results->chosen[i]) {
            continue;
        }
        if (options->progress) {
            (void)fprintf(stderr, "\r\033[K%zu/%zu %s", done, chosen, bench_cases[i].name);
        }
        struct turn turn = {
            .results = results, .options = options, .case_index = i, .peers = &peers};
        run_case(&turn);
        done++;
    }
    if (options->progress) {
        (void)fprintf(stderr, "\r\033[K");
    }
}
