/* SPDX-License-Identifier: MIT */
/* `mempool record PID`: a process that runs is asked to record.
 *
 * The request goes into the process's memory (src/record/control.h), the answer comes through a
 * pipe with a name, in the /tmp that the process has. */
#define _GNU_SOURCE /* F_SETPIPE_SZ */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/message.h"
#include "cli/record_job.h"
#include "cli/verb.h"
#include "record/control.h"
#include "view/publication.h"

enum { PIPE_BYTES = 1 << 20, PATH_BYTES = 128, LINE_BYTES = 512, NUMBERS_MAX = 1 << 12 };
#define END_SECONDS 2.0

struct process {
    struct record_source source; /* first */
    int64_t pid;
    int memory;       /* /proc/PID/mem */
    uint64_t control; /* where its struct recording_control is */
    uint32_t answers; /* when the request was made */
    double asked;     /* when */
    bool is_answered, is_begun, is_ending, has_failed;
    char folder[PATH_BYTES], pipe[PATH_BYTES]; /* as we reach them */
};

/* ---- its memory ------------------------------------------------------------------------------ */

static bool read_at(const struct process *process, uint64_t address, void *into, size_t n) {
    return pread(process->memory, into, n, (off_t)address) == (ssize_t)n;
}

static bool write_at(const struct process *process, uint64_t address, const void *from, size_t n) {
    return pwrite(process->memory, from, n, (off_t)address) == (ssize_t)n;
}

#define CONTROL_AT(process, field) \
    ((process)->control + offsetof(struct recording_control, field))

static bool write_request(const struct process *process, uint32_t request) {
    return write_at(process, CONTROL_AT(process, request), &request, sizeof request);
}

/* The number "control" of a publication at `header`; 0: it has none. */
static uint64_t published_control(const struct process *process, uint64_t header) {
    struct publication publication;
    struct publication_number number;
    if (!read_at(process, header, &publication, sizeof publication) ||
        memcmp(publication.magic, PUBLICATION_MAGIC, sizeof publication.magic) != 0 ||
        publication.order != PUBLICATION_ORDER || publication.major != PUBLICATION_MAJOR ||
        publication.pointer_bytes != sizeof(void *)) {
        return 0;
    }
    for (uint32_t i = 0; i < publication.n_numbers && i < NUMBERS_MAX; i++) {
        uint64_t at = header + publication.numbers + i * sizeof number;
        if (!read_at(process, at, &number, sizeof number)) {
            break;
        }
        if (strncmp(number.name, "control", sizeof number.name) == 0) {
            return number.value;
        }
    }
    return 0;
}

/* 0: nothing is published there. */
static uint64_t find_control(const struct process *process, FILE *maps) {
    char line[LINE_BYTES];
    uint64_t control = 0;
    while (control == 0 && fgets(line, sizeof line, maps) != NULL) {
        uint64_t start;
        if (strstr(line, "/memfd:" PUBLICATION_NAME) != NULL &&
            sscanf(line, "%" SCNx64, &start) == 1) {
            control = published_control(process, start);
        }
    }
    return control;
}

static int refuse(const struct process *process, const char *what, int why) {
    complain(record_verb, "process %" PRId64 ": %s%s%s%s", process->pid, what,
             why != 0 ? ": " : "", why != 0 ? strerror(why) : "",
             why == EACCES || why == EPERM
                 ? " (it takes the rights of a debugger: see ptrace_scope in ptrace(2))"
                 : "");
    return CLI_FAILED;
}

static int open_process(struct process *process) {
    char path[PATH_BYTES];
    struct recording_control control;
    snprintf(path, sizeof path, "/proc/%" PRId64 "/maps", process->pid);
    FILE *maps = fopen(path, "re");
    if (maps == NULL) {
        return errno == ENOENT ? refuse(process, "there is none", 0)
                               : refuse(process, "cannot be looked at", errno);
    }
    snprintf(path, sizeof path, "/proc/%" PRId64 "/mem", process->pid);
    process->memory = open(path, O_RDWR | O_CLOEXEC);
    int why = errno;
    process->control = process->memory >= 0 ? find_control(process, maps) : 0;
    fclose(maps);
    if (process->memory < 0) {
        return refuse(process, "cannot be asked", why);
    }
    if (process->control == 0) {
        return refuse(process, "does not use the library, or has not made a pool yet, or is of a "
                      "version that cannot be asked", 0);
    }
    if (!read_at(process, process->control, &control, sizeof control) ||
        control.bytes != sizeof control) {
        return refuse(process, "its library is of another version", 0);
    }
    return CLI_OK;
}

/* ---- the pipe -------------------------------------------------------------------------------- */

/* In its own /tmp, for its own user. */
static int make_pipe(struct process *process) {
    struct stat owner;
    char path[64];
    snprintf(path, sizeof path, "/proc/%" PRId64, process->pid);
    snprintf(process->folder, sizeof process->folder, "%s/root/tmp/mempool-XXXXXX", path);
    if (stat(path, &owner) != 0 || mkdtemp(process->folder) == NULL) {
        int why = errno;
        process->folder[0] = '\0';
        return refuse(process, "no pipe can be made in its /tmp", why);
    }
    snprintf(process->pipe, sizeof process->pipe, "%.100s/pipe", process->folder);
    if (mkfifo(process->pipe, 0600) != 0 ||
        (owner.st_uid != geteuid() &&
         (chown(process->pipe, owner.st_uid, owner.st_gid) != 0 ||
          chown(process->folder, owner.st_uid, owner.st_gid) != 0))) {
        return refuse(process, "no pipe can be made for it", errno);
    }
    process->source.fd = open(process->pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (process->source.fd < 0) {
        return refuse(process, "no pipe can be opened", errno);
    }
    (void)fcntl(process->source.fd, F_SETPIPE_SZ, PIPE_BYTES);
    return CLI_OK;
}

static void remove_pipe(struct process *process) {
    if (process->folder[0] != '\0') {
        (void)unlink(process->pipe);
        (void)rmdir(process->folder);
        process->folder[0] = '\0';
    }
}

/* ---- asking ---------------------------------------------------------------------------------- */

static int ask(struct process *process) {
    char path[CONTROL_PATH_BYTES] = "";
    const char *root = strstr(process->pipe, "/root/");
    uint32_t request;
    snprintf(path, sizeof path, "%s", root != NULL ? root + strlen("/root") : process->pipe);
    if (!read_at(process, CONTROL_AT(process, request), &request, sizeof request) ||
        !read_at(process, CONTROL_AT(process, answers), &process->answers,
                 sizeof process->answers)) {
        return refuse(process, "cannot be asked", errno);
    }
    if (request != CONTROL_NONE) {
        return refuse(process, "somebody else is asking it already", 0);
    }
    if (!write_at(process, CONTROL_AT(process, path), path, sizeof path) ||
        !write_request(process, CONTROL_BEGIN)) {
        return refuse(process, "cannot be asked", errno);
    }
    process->asked = record_now();
    return CLI_OK;
}

/* Has it answered? Then how. */
static bool look_for_answer(struct process *process, int32_t *ret_result) {
    uint32_t answers;
    return read_at(process, CONTROL_AT(process, answers), &answers, sizeof answers) &&
           answers != process->answers &&
           read_at(process, CONTROL_AT(process, result), ret_result, sizeof *ret_result);
}

static void fail(struct process *process, const char *what, int why) {
    process->has_failed = true;
    (void)refuse(process, what, why);
}

/* Until the request is answered. */
static bool wait_for_answer(struct process *process) {
    int32_t result = 0;
    if (look_for_answer(process, &result)) {
        process->is_answered = true;
        remove_pipe(process);
        process->source.is_open_late = false;
        if (result == -EBUSY) {
            fail(process, "is being recorded already", 0);
        } else if (result != 0) {
            fail(process, "cannot record", -result);
        }
        return result == 0;
    }
    if (!process->source.is_open_late) {
        return true; /* it writes already */
    }
    double waited = record_now() - process->asked;
    if (record_is_interrupted() || waited > process->source.job->wait_seconds) {
        (void)write_request(process, CONTROL_NONE);
        fail(process, "did not answer: it has got and allocated nothing in that time, or has "
             "ended (see --wait)", 0);
        return false;
    }
    return true;
}

/* Ask for the end, so that what is in its buffer comes too; who gets nothing more does not hear. */
static bool wait_for_end(struct process *process) {
    if (!process->is_ending) {
        process->is_ending = true;
        process->asked = record_now();
        return write_request(process, CONTROL_END);
    }
    return record_now() - process->asked < END_SECONDS;
}

static bool is_going_on(struct record_source *source) {
    struct process *process = (struct process *)source;
    if (!process->is_answered && !wait_for_answer(process)) {
        return false;
    }
    source->is_stopped = source->is_stopped || record_is_interrupted();
    return source->is_stopped ? wait_for_end(process) : true;
}

static int record_open(struct process *process) {
    int status = make_pipe(process);
    if (status == CLI_OK) {
        status = ask(process);
    }
    if (status == CLI_OK) {
        status = record_read_all(&process->source);
    }
    if (process->is_ending) {
        (void)write_request(process, CONTROL_NONE);
    }
    remove_pipe(process);
    if (process->source.fd >= 0) {
        close(process->source.fd);
    }
    return process->has_failed ? CLI_FAILED : status;
}

int record_attach(struct record_job *job) {
    struct process process = {
        .source = {.fd = -1, .is_going_on = is_going_on, .is_open_late = true, .job = job},
        .pid = job->pid,
        .memory = -1,
    };
    record_catch_signals();
    int status = open_process(&process);
    if (status == CLI_OK) {
        status = record_open(&process);
    }
    if (process.memory >= 0) {
        close(process.memory);
    }
    if (status == CLI_OK && !recording_sums(job->recording)->is_begun) {
        return refuse(&process, "ended before it recorded anything", 0);
    }
    return status == CLI_OK ? record_save(job) : status;
}
