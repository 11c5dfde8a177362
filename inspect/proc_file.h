/* SPDX-License-Identifier: MIT */
/* Files below /proc/PID, and whole small files. */
#ifndef INSPECT_PROC_FILE_H
#define INSPECT_PROC_FILE_H

#include <stddef.h>
#include <stdint.h>

/** proc_file_process: the folder /proc/PID, to open files below. Of a process whose first thread has
 *  ended, while others run, that of another one: the first's is empty.
 *  Shape: a descriptor or a negative errno, -ESRCH: there is no such process. */
int proc_file_process(int64_t pid);

/** proc_file_running: the same where that has happened since: the folder of a thread that runs, in
 *  the place of one that is closed; or the folder itself. */
int proc_file_running(int folder);

/* What a folder's "stat" tells. */
struct proc_file_stat {
    char state;
    uint64_t code, stack; /* where they begin: an execve(2) changes them */
};

/** proc_file_stat: 0, or -ESRCH. */
int proc_file_stat(int folder, struct proc_file_stat *ret);

/** proc_file_read: the whole of a file that tells no size, at most `max_bytes` of it.
 *  Shape: its length, *ret to be given back by free(3) and with a NUL behind its end; or a negative
 *         errno, -ESRCH where the process has ended. */
int64_t proc_file_read(int folder, const char *name, size_t max_bytes, char **ret);

/** proc_file_program: the short name of a process, made printable; "": not known. */
void proc_file_program(int folder, char *ret, size_t bytes);

/** proc_file_open: to read from; a descriptor or a negative errno. */
int proc_file_open(int folder, const char *name);

/** proc_file_open_place: find a file that another process chose, without opening it: a pipe is not
 *  waited for, a device not touched, a file system in user space not asked again. A descriptor that
 *  cannot be read, or a negative errno. `folder` may be AT_FDCWD. */
int proc_file_open_place(int folder, const char *path);

/** proc_file_open_in_root: the same by an absolute path, as the process has it: links lead to what
 *  they mean there, not here. */
int proc_file_open_in_root(int folder, const char *path);

/** proc_file_identity: of what such a descriptor is of: 0, or -EINVAL where it is no regular file,
 *  or another negative errno. */
int proc_file_identity(int place, uint64_t *ret_device, uint64_t *ret_inode);

/** proc_file_reopen: to read from what such a descriptor is of, which is closed; a descriptor or a
 *  negative errno. */
int proc_file_reopen(int place);

#endif
