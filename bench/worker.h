/* SPDX-License-Identifier: MIT */
/* What a worker's parts share: the case at hand, memory, clock, and how to give up. */
#ifndef BENCH_WORKER_H
#define BENCH_WORKER_H

#include "bench/case_list.h"
#include "bench/protocol.h"

#include <stddef.h>
#include <stdint.h>

#define SHUFFLES 4             /* orders that the random case takes turns with */
#define SHUFFLE_OBJECTS 1000   /* objects in each */
#define IN_FLIGHT_CHOICES 4096 /* a power of two */

/* The case that the worker is at. The template's functions own what is in it. */
struct work {
    const struct bench_case *test;
    const char *trace_path;
    const char *heap_trace_path;
    int cpus[2];
    void **objects;       /* `live` objects, or requests x REQUEST_OBJECTS */
    uint64_t random;      /* state of the generator */
    size_t turn;          /* which shuffle or choice comes next */
    uint64_t repetitions; /* of the loop in one measured stretch: found in the warm-up */
    uint16_t shuffles[SHUFFLES][SHUFFLE_OBJECTS];
    uint16_t choices[IN_FLIGHT_CHOICES];
};

/* A case's loop: does what the case does `repetitions` times. */
typedef void (*work_loop)(struct work *work, uint64_t repetitions);

/** peer_start: make the peer ready: 0 with version and library, or a negative errno and reason.
 *  Each worker_*.c has one. */
int peer_start(struct worker_hello *hello);

/** case_prepare: open the pools and get the objects that the case starts from.
 *  0, or a negative errno (-ENOTSUP: nothing to measure here). In bench/cases_template.h. */
int case_prepare(struct work *work);

/** case_measure: one round; the result is in the case's unit. In bench/cases_template.h. */
double case_measure(struct work *work, uint64_t target_ns);

/** worker_map: zeroed and resident memory that is no heap's; gives up where there is none. */
void *worker_map(size_t bytes);

/** worker_give_up: answer the request with an error and end the process. */
_Noreturn void worker_give_up(int status, const char *reason);

/** worker_pin: bind the calling thread, and those that it starts, to one CPU; -1: leave it. */
void worker_pin(int cpu);

/** worker_pin_all: bind it to as many of the two CPUs as the case has threads; they choose. */
void worker_pin_all(const struct work *work);

/** worker_now_ns: CLOCK_MONOTONIC. */
uint64_t worker_now_ns(void);

/** worker_resident_bytes: the process's resident memory without the pages of files (slow). */
size_t worker_resident_bytes(void);

/** worker_measure_loop: run the loop for about target_ns; the thread's CPU time for a `pairs`-th
 *  part of one repetition, in nanoseconds. */
double worker_measure_loop(struct work *work, work_loop loop, uint64_t pairs, uint64_t target_ns);

/** worker_text: copy text into an array of `bytes`, cut where it is too long. */
void worker_text(char *ret, size_t bytes, const char *text);

#endif
