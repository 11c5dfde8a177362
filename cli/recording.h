/* SPDX-License-Identifier: MIT */
/* A recording (src/record/stream.h) on its way to a trace (replay/trace.h). */
#ifndef CLI_RECORDING_H
#define CLI_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * THEORY
 *
 *      bytes --recording_read--> stream events --> trace events --trace_writer--> FILE
 *
 * The stream names objects by address, the trace by class and slot: a table tells what is live at
 * which address, and each class hands out its slots last-in first-out, as the format wants it.
 *
 * The trace is one that can be: where the stream cannot (events of signal handlers were lost, the
 * program put what was not live), what is missing is added and what does not fit is left out, and
 * counted. A block that was realloc'd moves in the table and keeps its slot.
 *
 * What the format, or a replay, cannot hold ends the recording, or is cut: more threads or pools
 * than 65,535, a header of more than 1 MiB, blocks of more than 16 MiB, waits of many seconds.
 */

struct recording;

/* What came of it. */
struct recording_sums {
    char program[64];
    int64_t pid;
    uint32_t threads, pools, sites;
    uint64_t events;      /* of the trace */
    uint64_t live_before; /* when it began */
    uint64_t gets, puts, allocations, reallocations, frees; /* while it was recorded */
    uint64_t lost;        /* events of signal handlers that interrupted the recorder */
    uint64_t unknown;     /* puts of what was not known to be live: left out */
    uint64_t mended;      /* puts that were missing: added */
    uint64_t cut_sizes, cut_waits;
    uint64_t duration_ns;
    bool is_begun, is_ended; /* the stream's first and last event came */
    const char *limit;    /* what ended it early, or NULL */
    uint64_t file_bytes;
};

enum recording_verdict {
    RECORDING_MORE = 0, /* go on */
    RECORDING_DONE = 1, /* the stream's end, or a limit: nothing more is wanted */
};

/** recording_new: 0 and *ret; or a negative errno: no file can be made beside `path`.
 *  `events_max`: events of the trace; it ends with the first that would be one too many. */
int recording_new(struct recording **ret, const char *path, uint64_t events_max);

/** recording_read: n bytes more of the stream, in pieces of any size. enum recording_verdict, or a
 *  negative errno: -EBADMSG: it is none, or damaged; -ENOMEM; or the trace cannot be written. */
int recording_read(struct recording *recording, const void *bytes, size_t n);

/** recording_sums: as of now. */
const struct recording_sums *recording_sums(const struct recording *recording);

/** recording_finish: write the trace of what came. 0, or a negative errno. */
int recording_finish(struct recording *recording);

/** recording_free: NULL is ignored. */
void recording_free(struct recording *recording);

#endif
