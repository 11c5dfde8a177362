/* SPDX-License-Identifier: MIT */
/* Processes that publish (view/publication.h), and the memory of one as a source.
 *
 * THEORY
 *
 * Everything is read through one descriptor of the folder /proc/PID, which goes on meaning the same
 * process when the number is given to another. A publication is found by its mapping's name in
 * `maps` and by its first bytes. Counters are read from the memfd, which takes no more than the
 * right to look into /proc/PID/fd; the rest through /proc/PID/mem, which the system may refuse
 * (ptrace_scope, see ptrace(2)). Nothing of the process is ever mapped: it could cut the file under
 * us. Nothing is asked of it, so one that is stopped or hangs answers, too. */
#ifndef INSPECT_PROCESS_H
#define INSPECT_PROCESS_H

#include "view/snapshot.h"
#include "view/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROCESS_PROGRAM_BYTES = 64 };

struct process;

/* A publication, or a process of which it cannot be told whether it has one. */
struct process_found {
    int64_t pid;
    char program[PROCESS_PROGRAM_BYTES]; /* as /proc/PID/comm has it, made printable */
    uint64_t header;                     /* address of the publication; 0: see code */
    int code;                            /* 0; -EPERM, -EACCES: we may not look; -EBADMSG: what
                                          * it publishes is damaged */
};

/** process_list: all that publish, and those that we may not look at, by pid.
 *  Shape: 0, *ret to be given back by free(3); or a negative errno: /proc cannot be read.
 *  Cost:  a look at the maps of every process. */
int process_list(struct process_found **ret, size_t *ret_n);

/** process_open: of several publications in one process the first.
 *  Shape: 0; or a negative errno and *error filled: -ESRCH: no such process; -ENODATA: it publishes
 *         nothing; -EPERM, -EACCES: we may not look; -EBADMSG: what it publishes is damaged. */
int process_open(struct process **ret, int64_t pid, struct snapshot_error *error);

/** process_source: its memory; lives as long as the process is open. Reads fail with -ESRCH when it
 *  has ended, with -EPERM where only the counters may be read. */
struct view_source *process_source(struct process *process);

/** process_program: its short name, printable. */
const char *process_program(const struct process *process);

/** process_pid: the number it was opened by. */
int64_t process_pid(const struct process *process);

/** process_check: 0; -ESRCH: it has ended, or runs another program now. */
int process_check(struct process *process);

/** process_may_read_all: 0; or why nothing but the counters can be read, -EPERM mostly. */
int process_may_read_all(const struct process *process);

/** process_folder: a descriptor of /proc/PID, for openat(2). */
int process_folder(const struct process *process);

/** process_close: NULL is ignored. */
void process_close(struct process *process);

#endif
