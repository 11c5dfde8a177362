/* SPDX-License-Identifier: MIT */
/* A pipe with a name, in another process's /tmp.
 *
 * THEORY
 *
 * Root may record what another user runs, whose /tmp, and all that it has for a root, may be that
 * user's own: between two calls any name there may come to mean something else, a link to a file of
 * root's, say. So a name is looked up once, and never through a link; what it was is told by the
 * descriptor. The folder is ours alone, and nobody else can change what is in it, until the pipe is
 * there and both are given away, through their descriptors. The folder is removed where its name
 * still means it.
 */
#ifndef CLI_RECORD_PIPE_H
#define CLI_RECORD_PIPE_H

enum { RECORD_PIPE_NAME_BYTES = 32, RECORD_PIPE_PATH_BYTES = 64 };

struct record_pipe {
    int fd;                            /* to read from; does not wait */
    int tmp, folder;                   /* where its folder is, and that; negative: it has no name */
    char name[RECORD_PIPE_NAME_BYTES]; /* of the folder */
    char path[RECORD_PIPE_PATH_BYTES]; /* as the process has it */
};

/** record_pipe_make: for the process's user to write into; `process` is /proc/PID.
 *  Shape: 0 or a negative errno: nothing is left, and fd is -1. */
int record_pipe_make(struct record_pipe *ret, int process);

/** record_pipe_remove: its name; who has it open goes on. Again: nothing. */
void record_pipe_remove(struct record_pipe *pipe);

#endif
