/* SPDX-License-Identifier: MIT */
/* Frames as text, without a terminal: for scripts. */
#ifndef CLI_TOP_BATCH_H
#define CLI_TOP_BATCH_H

#include <stdbool.h>

#include "cli/top/session.h"

struct top_batch {
    unsigned n_frames; /* 0: until the process ends */
    unsigned n_rows;   /* of a frame, at most; 0: all */
    unsigned width;    /* columns */
    bool is_json, is_ascii;
};

/** top_batch_run: print frames to standard output, the session's interval apart.  0; a negative
 *  errno: of memory, or of writing. Ends early where the process does, which the session knows. */
int top_batch_run(struct top_session *session, const struct top_batch *batch);

#endif
