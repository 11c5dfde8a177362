/* SPDX-License-Identifier: MIT */
/* The trace that a recording becomes: its threads, classes and slots. */
#ifndef CLI_RECORDING_TRACE_H
#define CLI_RECORDING_TRACE_H

#include "cli/live_table.h"
#include "cli/recording.h"
#include "replay/trace_writer.h"

enum {
    NUMBERS_MAX = 1 << 16, /* pools' and accounts' own numbers are below */
    NO_CLASS = 0xffff,
    TICK_NS = 64, /* the longest wait is then four minutes */
};

struct recorded_class {
    char *name;
    bool is_site;
    bool exists; /* a pool that is not destroyed */
    uint32_t object_bytes, count;
    uint32_t slots; /* handed out ever */
    uint32_t *free; /* those that came back, the last on top */
    uint32_t n_free, free_capacity;
};

struct recording_trace {
    struct trace_writer *writer;
    struct recording_sums sums;
    uint64_t events_max;
    uint64_t now_ns, last_ticks;
    uint64_t first_recorded; /* the event behind what there was before */
    uint64_t ready_bytes;    /* that pools' counts ask for */
    size_t header_bytes;     /* so far, about */
    char **threads;          /* names; as many as sums.threads */
    size_t threads_capacity;
    struct recorded_class *classes;
    size_t n_classes, classes_capacity;
    uint16_t class_of_pool[NUMBERS_MAX], class_of_account[NUMBERS_MAX];
    struct live_table live;
};

/* All: 0, or a negative errno. What the trace cannot hold any more sets sums.limit. */

/** recording_trace_thread: a thread begins; its number must be the next. */
int recording_trace_thread(struct recording_trace *trace, uint32_t number, const char *name);
/** recording_trace_exit: it ends. */
int recording_trace_exit(struct recording_trace *trace, uint32_t thread);
/** recording_trace_pool: a pool is there, or is made. */
int recording_trace_pool(struct recording_trace *trace, uint32_t thread, uint32_t number,
                         uint64_t object_bytes, uint64_t count, const char *name);
/** recording_trace_destroy: it is no more. */
int recording_trace_destroy(struct recording_trace *trace, uint32_t thread, uint32_t number);
/** recording_trace_account: an account is there. */
int recording_trace_account(struct recording_trace *trace, uint32_t number, const char *name);
/** recording_trace_got: an object or block is live. `class` is NO_CLASS: unknown, left out. */
int recording_trace_got(struct recording_trace *trace, uint8_t operation, uint32_t thread,
                        struct live live, uint32_t bytes);
/** recording_trace_put: it is live no more. */
int recording_trace_put(struct recording_trace *trace, uint32_t thread, uint64_t address);
/** recording_trace_resized: a block has another size, and perhaps another address. */
int recording_trace_resized(struct recording_trace *trace, uint32_t thread, uint64_t from,
                            struct live live, uint32_t bytes);

/** recording_trace_finish: the header, and the file. */
int recording_trace_finish(struct recording_trace *trace);
/** recording_trace_free: give back what it holds. */
void recording_trace_free(struct recording_trace *trace);

#endif
