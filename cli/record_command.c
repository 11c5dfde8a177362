/* SPDX-License-Identifier: MIT */
/* `mempool record -- COMMAND`: a program from its start. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/message.h"
#include "cli/record_job.h"
#include "cli/verb.h"

enum { PIPE_BYTES = 1 << 20, CANNOT_RUN = 126, NOT_FOUND = 127, SIGNALLED = 128 };

struct child {
    struct record_source source; /* first */
    pid_t pid;
    bool has_ended, is_told;
    int status; /* as of waitpid */
};

static int child_status(const struct child *child) {
    return WIFSIGNALED(child->status) ? SIGNALLED + WTERMSIG(child->status)
                                      : WEXITSTATUS(child->status);
}

/* The child: becomes the command, and says why it cannot. */
static _Noreturn void run_child(char **command, int fd) {
    char setting[64];
    snprintf(setting, sizeof setting, "fd:%d,%ld", fd, (long)getpid());
    if (setenv("MEMPOOL_RECORD", setting, 1) != 0) {
        complain(record_verb, "%s", strerror(ENOMEM));
        _exit(CLI_FAILED);
    }
    execvp(command[0], command);
    int why = errno;
    complain(record_verb, "%s: %s", command[0], strerror(why));
    _exit(why == ENOENT ? NOT_FOUND : CANNOT_RUN);
}

static int start(struct child *child, struct record_job *job) {
    int ends[2];
    if (pipe(ends) != 0) {
        return -errno;
    }
    (void)fcntl(ends[0], F_SETPIPE_SZ, PIPE_BYTES);
    child->pid = fork();
    if (child->pid == 0) {
        close(ends[0]);
        run_child(job->command, ends[1]);
    }
    int why = child->pid < 0 ? -errno : 0;
    close(ends[1]);
    if (why != 0) {
        close(ends[0]);
        return why;
    }
    (void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    child->source.fd = ends[0];
    return 0;
}

/* What we are told to end is the command's to end. On a terminal it was told already. */
static void hand_on_signal(struct child *child) {
    if (record_is_interrupted() && !child->is_told) {
        child->is_told = true;
        (void)kill(child->pid, SIGTERM);
    }
}

static void look_at_child(struct child *child, int options) {
    if (!child->has_ended && waitpid(child->pid, &child->status, options) == child->pid) {
        child->has_ended = true;
    }
}

/* Children of its own may keep the pipe open when it has ended. */
static bool is_going_on(struct record_source *source) {
    struct child *child = (struct child *)source;
    hand_on_signal(child);
    look_at_child(child, WNOHANG);
    return !child->has_ended && !source->is_stopped;
}

static void wait_for_end(struct child *child) {
    while (!child->has_ended) {
        look_at_child(child, 0);
        hand_on_signal(child);
    }
}

int record_run(struct record_job *job) {
    struct child child = {.source = {.is_going_on = is_going_on, .job = job}};
    record_catch_signals();
    int result = start(&child, job);
    if (result != 0) {
        complain(record_verb, "cannot start %s: %s", job->command[0], strerror(-result));
        return CLI_FAILED;
    }
    int status = record_read_all(&child.source);
    close(child.source.fd); /* which ends the recording where the command goes on */
    bool is_begun = recording_sums(job->recording)->is_begun;
    if (status == CLI_OK && is_begun) {
        status = record_save(job);
    }
    wait_for_end(&child);
    if (status == CLI_OK && !is_begun && child_status(&child) != NOT_FOUND &&
        child_status(&child) != CANNOT_RUN) {
        complain(record_verb, "%s recorded nothing: it does not use libmempool, or what does is "
                 "another program that it starts", job->command[0]);
        status = CLI_FAILED;
    }
    return child_status(&child) != 0 ? child_status(&child) : status;
}
