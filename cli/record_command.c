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

/* As the command will have them: until it runs, handlers of ours would swallow what it is told. */
static void leave_signals(const sigset_t *before) {
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGTERM, SIG_DFL);
    (void)signal(SIGHUP, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, before, NULL);
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
    sigset_t before;
    if (pipe(ends) != 0) {
        return -errno;
    }
    (void)fcntl(ends[0], F_SETPIPE_SZ, PIPE_BYTES);
    record_hold_signals(&before);
    child->pid = fork();
    if (child->pid == 0) {
        leave_signals(&before);
        close(ends[0]);
        run_child(job->command, ends[1]);
    }
    int why = child->pid < 0 ? -errno : 0;
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
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

/* What we are told to end is the command's to end. On a terminal it was told already. Once it has
 * ended, its number may be another's. */
static void hand_on_signal(struct child *child) {
    if (record_is_interrupted() && !child->is_told && !child->has_ended) {
        child->is_told = true;
        (void)kill(child->pid, SIGTERM);
    }
}

static void look_at_child(struct child *child) {
    if (!child->has_ended && waitpid(child->pid, &child->status, WNOHANG) == child->pid) {
        child->has_ended = true;
    }
}

/* Children of its own may keep the pipe open when it has ended. */
static bool is_going_on(struct record_source *source) {
    struct child *child = (struct child *)source;
    hand_on_signal(child);
    look_at_child(child);
    return !child->has_ended && !source->is_stopped;
}

static void note_end(int number) {
    (void)number; /* it wakes who waits */
}

/* Signals come in only while we wait: none is lost between looking and waiting. */
static void wait_for_end(struct child *child) {
    struct sigaction on_end = {.sa_handler = note_end};
    sigset_t before, waiting, end;
    sigemptyset(&on_end.sa_mask);
    sigemptyset(&end);
    sigaddset(&end, SIGCHLD);
    (void)sigaction(SIGCHLD, &on_end, NULL);
    record_hold_signals(&before);
    (void)sigprocmask(SIG_BLOCK, &end, NULL);
    waiting = before;
    sigdelset(&waiting, SIGCHLD);
    for (look_at_child(child); !child->has_ended; look_at_child(child)) {
        hand_on_signal(child);
        (void)sigsuspend(&waiting);
    }
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
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
