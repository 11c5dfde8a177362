/* SPDX-License-Identifier: MIT */
/* Requests from outside: another process, with a debugger's rights, asks this one to record.
 *
 * THEORY
 *
 * `recording_control` lies at an address that is published as the number "control". The other
 * writes `path` into our memory, then `request`; a thread of ours that gets or allocates looks
 * about every 100 ms (pool/reclaim.h) and carries it out: it opens the path, which must be a pipe
 * that has a reader, and begins. `answers` grows by one when that is done, with `result`. Who waits
 * no longer takes the request back; one that is being carried out meanwhile finds no reader. */
#ifndef MEMPOOL_RECORD_CONTROL_H
#define MEMPOOL_RECORD_CONTROL_H

#include <stdint.h>

enum { CONTROL_PATH_BYTES = 256 };

enum control_request {
    CONTROL_NONE = 0,
    CONTROL_BEGIN = 1,
    CONTROL_END = 2,
    CONTROL_TAKEN = 3, /* is being carried out */
};

struct recording_control {
    uint32_t bytes;            /* of this struct: tells versions apart */
    _Atomic uint32_t request;  /* enum control_request */
    _Atomic uint32_t answers;
    _Atomic int32_t result;    /* of the last: 0 or a negative errno */
    char path[CONTROL_PATH_BYTES];
};

extern struct recording_control recording_control;

/* In the child of a fork: what was asked for was its parent's to do. */
void control_child(void);

#endif
