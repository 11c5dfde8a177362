/* SPDX-License-Identifier: MIT */
/* `mempool record PID`: a process that runs is asked to record.
 *
 * The request goes into the process's memory (src/record/control.h), the answer comes through a
 * pipe with a name, in the /tmp that the process has. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/message.h"
#include "cli/record_job.h"
#include "cli/record_pipe.h"
#include "cli/verb.h"
#include "inspect/process.h"
#include "record/control.h"
#include "view/publication.h"

enum { NUMBERS_MAX = 1 << 12 };
#define END_SECONDS 2.0

struct asked {
    struct record_source source; /* first */
    int64_t pid;
    struct process *process;
    int memory;       /* /proc/PID/mem */
    uint64_t control; /* where its struct recording_control is */
    uint32_t answers; /* when the request was made */
    double request_time;
    bool is_answered, is_begun, is_ending, has_failed;
    struct record_pipe pipe;
};

/* ---- its memory ------------------------------------------------------------------------------ */

static bool read_at(const struct asked *asked, uint64_t address, void *into, size_t n) {
    return pread(asked->memory, into, n, (off_t)address) == (ssize_t)n;
}

static bool write_at(const struct asked *asked, uint64_t address, const void *from, size_t n) {
    return pwrite(asked->memory, from, n, (off_t)address) == (ssize_t)n;
}

#define CONTROL_AT(asked, field) \
    ((asked)->control + offsetof(struct recording_control, field))

static bool write_request(const struct asked *asked, uint32_t request) {
    return write_at(asked, CONTROL_AT(asked, request), &request, sizeof request);
}

/* The number "control" of its publication; 0: it has none. */
static uint64_t published_control(const struct asked *asked) {
    struct view_source *source = process_source(asked->process);
    struct publication publication;
    struct publication_number number;
    if (view_read(source, source->header, &publication, sizeof publication) != 0 ||
        publication.pointer_bytes != sizeof(void *)) {
        return 0;
    }
    for (uint32_t i = 0; i < publication.n_numbers && i < NUMBERS_MAX; i++) {
        uint64_t at = source->header + publication.numbers + i * sizeof number;
        if (view_read(source, at, &number, sizeof number) != 0) {
            break;
        }
        if (strncmp(number.name, "control", sizeof number.name) == 0) {
            return number.value;
        }
    }
    return 0;
}

static int refuse(const struct asked *asked, const char *what, int why) {
    complain(record_verb, "process %" PRId64 ": %s%s%s%s", asked->pid, what,
             why != 0 ? ": " : "", why != 0 ? strerror(why) : "",
             why == EACCES || why == EPERM
                 ? " (it takes the rights of a debugger: see ptrace_scope in ptrace(2))"
                 : "");
    return CLI_FAILED;
}

static int open_process(struct asked *asked) {
    struct snapshot_error error = {.code = 0};
    struct recording_control control;
    if (process_open(&asked->process, asked->pid, &error) != 0) {
        complain(record_verb, "%s", error.text);
        return CLI_FAILED;
    }
    asked->memory = openat(process_folder(asked->process), "mem", O_RDWR | O_CLOEXEC);
    if (asked->memory < 0) {
        return refuse(asked, "cannot be asked", errno);
    }
    asked->control = published_control(asked);
    if (asked->control == 0 || !read_at(asked, asked->control, &control, sizeof control) ||
        control.bytes != sizeof control) {
        return refuse(asked, "its library is of a version that cannot be asked", 0);
    }
    return CLI_OK;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static int ask(struct asked *asked) {
    char path[CONTROL_PATH_BYTES] = "";
    uint32_t request;
    snprintf(path, sizeof path, "%s", asked->pipe.path);
    if (!read_at(asked, CONTROL_AT(asked, request), &request, sizeof request) ||
        !read_at(asked, CONTROL_AT(asked, answers), &asked->answers,
                 sizeof asked->answers)) {
        return refuse(asked, "cannot be asked", errno);
    }
    if (request != CONTROL_NONE) {
        return refuse(asked, "somebody else is asking it already", 0);
    }
    if (!write_at(asked, CONTROL_AT(asked, path), path, sizeof path) ||
        !write_request(asked, CONTROL_BEGIN)) {
        return refuse(asked, "cannot be asked", errno);
    }
    asked->request_time = record_now();
    return CLI_OK;
}

/* Has it answered? Then how. */
static bool look_for_answer(struct asked *asked, int32_t *ret_result) {
    uint32_t answers;
    return read_at(asked, CONTROL_AT(asked, answers), &answers, sizeof answers) &&
           answers != asked->answers &&
           read_at(asked, CONTROL_AT(asked, result), ret_result, sizeof *ret_result);
}

static void fail(struct asked *asked, const char *what, int why) {
    asked->has_failed = true;
    (void)refuse(asked, what, why);
}

/* Until the request is answered. */
static bool wait_for_answer(struct asked *asked) {
    int32_t result = 0;
    if (look_for_answer(asked, &result)) {
        asked->is_answered = true;
        record_pipe_remove(&asked->pipe);
        asked->source.is_open_late = false;
        if (result == -EBUSY) {
            fail(asked, "is being recorded already", 0);
        } else if (result != 0) {
            fail(asked, "cannot record", -result);
        }
        return result == 0;
    }
    if (!asked->source.is_open_late) {
        return true; /* it writes already */
    }
    double waited = record_now() - asked->request_time;
    if (record_is_interrupted() || waited > asked->source.job->wait_seconds) {
        (void)write_request(asked, CONTROL_NONE);
        fail(asked, "did not answer: it has got and allocated nothing in that time, or has "
             "ended (see --wait)", 0);
        return false;
    }
    return true;
}

/* Ask for the end, so that what is in its buffer comes too; who gets nothing more does not hear. */
static bool wait_for_end(struct asked *asked) {
    if (!asked->is_ending) {
        asked->is_ending = true;
        asked->request_time = record_now();
        return write_request(asked, CONTROL_END);
    }
    return record_now() - asked->request_time < END_SECONDS;
}

static bool is_going_on(struct record_source *source) {
    struct asked *asked = (struct asked *)source;
    if (!asked->is_answered && !wait_for_answer(asked)) {
        return false;
    }
    source->is_stopped = source->is_stopped || record_is_interrupted();
    return source->is_stopped ? wait_for_end(asked) : true;
}

static int record_open(struct asked *asked) {
    int result = record_pipe_make(&asked->pipe, process_folder(asked->process));
    if (result != 0) {
        return refuse(asked, "no pipe can be made in its /tmp", -result);
    }
    asked->source.fd = asked->pipe.fd;
    int status = ask(asked);
    if (status == CLI_OK) {
        status = record_read_all(&asked->source);
    }
    if (asked->is_ending) {
        (void)write_request(asked, CONTROL_NONE);
    }
    record_pipe_remove(&asked->pipe);
    close(asked->source.fd);
    return asked->has_failed ? CLI_FAILED : status;
}

int record_attach(struct record_job *job) {
    struct asked asked = {
        .source = {.fd = -1, .is_going_on = is_going_on, .is_open_late = true, .job = job},
        .pid = job->pid,
        .memory = -1,
    };
    record_catch_signals();
    int status = open_process(&asked);
    if (status == CLI_OK) {
        status = record_open(&asked);
    }
    if (asked.memory >= 0) {
        close(asked.memory);
    }
    process_close(asked.process);
    if (status == CLI_OK && !recording_sums(job->recording)->is_begun) {
        return refuse(&asked, "ended before it recorded anything", 0);
    }
    return status == CLI_OK ? record_save(job) : status;
}
