/* SPDX-License-Identifier: MIT */
/* What `mempool record` is to do, and how all its ways end. */
#ifndef CLI_RECORD_JOB_H
#define CLI_RECORD_JOB_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cli/recording.h"

extern const char record_verb[];

struct record_job {
    bool is_help, is_quiet;
    const char *output;
    const char *from;    /* a stream in a file; NULL: none */
    int64_t pid;         /* of a process; 0: none */
    char **command;      /* to run, NULL-ended; NULL: none */
    double seconds;      /* 0: no limit */
    double wait_seconds; /* for a process to answer */
    uint64_t events_max;
    struct recording *recording;
};

/* A stream that comes in. */
struct record_source {
    int fd; /* does not wait */
    /* Called about ten times a second: false: read what is there, then end. NULL: nothing. */
    bool (*is_going_on)(struct record_source *source);
    bool is_open_late; /* end of file means nothing yet: who writes has not opened it */
    bool is_stopped;   /* set by who wants an end, signal handlers too */
    struct record_job *job;
};

/** record_read_all: read until the stream or time ends.
 *  Shape: an exit status; a complaint was written where it is not CLI_OK. */
int record_read_all(struct record_source *source);

/** record_save: write the trace, and say what is in it. An exit status. */
int record_save(struct record_job *job);

/** record_run: start the command, record it, wait for it. Its exit status, or CLI_FAILED. */
int record_run(struct record_job *job);

/** record_attach: record a process that runs. An exit status. */
int record_attach(struct record_job *job);

/** record_now: seconds of a clock that only goes forward. */
double record_now(void);

/** record_is_interrupted: did SIGINT, SIGTERM or SIGHUP come since record_catch_signals? */
bool record_is_interrupted(void);
void record_catch_signals(void);

/** record_hold_signals: block them; *ret_before is the mask that lets them in again. */
void record_hold_signals(sigset_t *ret_before);

#endif
