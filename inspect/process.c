/* SPDX-License-Identifier: MIT */
/* One process: its publication, and its memory as a source. */
#include "inspect/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inspect/failure.h"
#include "inspect/proc_file.h"
#include "inspect/published.h"

struct process {
    struct view_source source;
    int64_t pid;
    char program[PROCESS_PROGRAM_BYTES];
    int folder; /* /proc/PID, or of a thread */
    int memory; /* /proc/PID/mem, or the negative errno that it was refused with */
    int file;   /* the memfd, or a negative errno */
    struct published published;
    struct proc_file_stat image; /* which program it runs */
};

/* ---- the process itself ---------------------------------------------------------------------- */

/* 0, or -ESRCH. */
static int read_image(int folder, struct proc_file_stat *ret) {
    int result = proc_file_stat(folder, ret);
    return result == 0 && strchr("ZXx", ret->state) ? -ESRCH : result;
}

/* Does it run, and the same program? On its way to its end it has none. */
static bool is_same(const struct process *process) {
    struct proc_file_stat image;
    return read_image(process->folder, &image) == 0 && image.code == process->image.code &&
           image.stack == process->image.stack;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* 0; -EFAULT: the end of the file; another negative errno. */
static int read_at(int fd, uint64_t offset, void *into, size_t n) {
    char *at = into;
    while (n > 0) {
        if (offset > INT64_MAX - n) {
            return -EFAULT;
        }
        ssize_t got = pread(fd, at, n, (off_t)offset);
        if (got == 0) {
            return -EFAULT;
        }
        if (got < 0 && errno != EINTR) {
            return -errno;
        }
        if (got > 0) {
            at += got;
            offset += (uint64_t)got;
            n -= (size_t)got;
        }
    }
    return 0;
}

static int read_memory(const struct process *process, uint64_t address, void *into, size_t n) {
    if (process->memory < 0) {
        return process->memory;
    }
    int result = read_at(process->memory, address, into, n);
    if (result == -EIO || result == -EFAULT) {
        /* At its end a process loses its memory: then there is nothing at any address. */
        result = is_same(process) ? -EFAULT : -ESRCH;
    }
    return result;
}

static int read_source(struct view_source *source, uint64_t address, void *into, size_t n) {
    const struct process *process = (const struct process *)(const void *)source;
    uint64_t offset;
    if (process->file >= 0 && published_in_file(&process->published, address, n, &offset)) {
        return read_at(process->file, offset, into, n);
    }
    return read_memory(process, address, into, n);
}

/* ---- opening --------------------------------------------------------------------------------- */

static int explain(struct snapshot_error *error, int code, int64_t pid) {
    switch (code) {
    case -ESRCH:
        return failure(error, code, "there is no process %lld", (long long)pid);
    case -EPERM:
    case -EACCES:
        return failure(error, -EPERM,
                       "process %lld may not be looked at: it is another user's, or protected",
                       (long long)pid);
    case -ENODATA:
        return failure(error, code,
                       "process %lld publishes nothing: it has no pool of this library, or "
                       "publishing is turned off",
                       (long long)pid);
    case -EBADMSG:
        return failure(error, code, "what process %lld publishes is damaged", (long long)pid);
    default:
        return failure(error, code, "process %lld: %s", (long long)pid, strerror(-code));
    }
}

static int open_parts(struct process *process) {
    struct mapped_list maps = {.n = 0};
    int result = read_image(process->folder, &process->image);
    if (result == 0) {
        proc_file_program(process->folder, process->program, PROCESS_PROGRAM_BYTES);
        result = mapped_read(&maps, process->folder);
    }
    if (result == 0) {
        process->memory = proc_file_open(process->folder, "mem");
        process->memory = process->memory == -EACCES ? -EPERM : process->memory;
        result = published_find(&process->published, &process->file, process->folder, &maps,
                                process->memory, true);
    }
    mapped_release(&maps);
    return result;
}

int process_open(struct process **ret, int64_t pid, struct snapshot_error *error) {
    struct process *process = calloc(1, sizeof(*process));
    if (!process) {
        return failure(error, -ENOMEM, "%s", strerror(ENOMEM));
    }
    process->pid = pid;
    process->memory = process->file = -EPERM;
    process->folder = proc_file_process(pid);
    int result = process->folder < 0 ? process->folder : open_parts(process);
    if (result != 0) {
        process_close(process);
        return explain(error, result, pid);
    }
    process->source = (struct view_source){
        .read = read_source,
        .header = process->published.header,
        .pid = pid,
        .kind = SNAPSHOT_OF_PROCESS,
    };
    *ret = process;
    return 0;
}

void process_close(struct process *process) {
    if (!process) {
        return;
    }
    const int descriptors[] = {process->folder, process->memory, process->file};
    for (size_t i = 0; i < sizeof(descriptors) / sizeof(descriptors[0]); i++) {
        if (descriptors[i] >= 0) {
            close(descriptors[i]);
        }
    }
    free(process);
}

/* ---- what is known of it --------------------------------------------------------------------- */

struct view_source *process_source(struct process *process) {
    return &process->source;
}

const char *process_program(const struct process *process) {
    return process->program;
}

int64_t process_pid(const struct process *process) {
    return process->pid;
}

int process_folder(const struct process *process) {
    return process->folder;
}

int process_may_read_all(const struct process *process) {
    return process->memory >= 0 ? 0 : process->memory;
}

int process_check(struct process *process) {
    if (!is_same(process)) {
        /* it may have been the first thread alone that ended */
        process->folder = proc_file_running(process->folder);
    }
    return is_same(process) ? published_refresh(&process->published, process->file) : -ESRCH;
}
