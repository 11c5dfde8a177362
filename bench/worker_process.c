/* SPDX-License-Identifier: MIT */
/* Worker processes by posix_spawn and two pipes. */
#include "bench/worker_process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define REPLY_TIMEOUT_MS (180 * 1000)
#define ENVIRONMENT_MAX 1024

extern char **environ;

static char program_folder[PATH_MAX];
static char trace[PATH_MAX];
static char heap_trace[PATH_MAX];

int worker_process_setup(const char *trace_path, const char *heap_trace_path) {
    ssize_t length = readlink("/proc/self/exe", program_folder, sizeof(program_folder) - 1);
    if (length <= 0) {
        return -errno;
    }
    program_folder[length] = '\0';
    char *slash = strrchr(program_folder, '/');
    if (slash == NULL || strlen(trace_path) >= sizeof(trace) ||
        strlen(heap_trace_path) >= sizeof(heap_trace)) {
        return -ENAMETOOLONG;
    }
    *slash = '\0';
    (void)snprintf(trace, sizeof(trace), "%s", trace_path);
    (void)snprintf(heap_trace, sizeof(heap_trace), "%s", heap_trace_path);
    /* A worker that ends early is a reply of its own kind, not this program's end. */
    (void)signal(SIGPIPE, SIG_IGN);
    return 0;
}

/* This process's environment, with LD_PRELOAD the peer's or absent. */
static void fill_environment(char **ret, char *preload_line, size_t preload_bytes,
                             const struct peer *peer) {
    size_t n = 0;
    if (peer->preload[0] != '\0') {
        (void)snprintf(preload_line, preload_bytes, "LD_PRELOAD=%s", peer->preload);
        ret[n++] = preload_line;
    }
    for (char **line = environ; *line != NULL && n < ENVIRONMENT_MAX - 1; line++) {
        if (strncmp(*line, "LD_PRELOAD=", strlen("LD_PRELOAD=")) != 0) {
            ret[n++] = *line;
        }
    }
    ret[n] = NULL;
}

static int spawn(pid_t *ret_pid, const struct peer *peer, enum worker_noise noise, int in,
                 int out) {
    char path[PATH_MAX + 64];
    char preload_line[PEER_PATH_BYTES + 16];
    char *environment[ENVIRONMENT_MAX];
    char *arguments[] = {path, trace, heap_trace, NULL};
    (void)snprintf(path, sizeof(path), "%s/%s", program_folder, peer->worker);
    fill_environment(environment, preload_line, sizeof(preload_line), peer);
    posix_spawn_file_actions_t actions;
    int status = posix_spawn_file_actions_init(&actions);
    if (status != 0) {
        return -status;
    }
    (void)posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    if (noise == WORKER_QUIET) {
        (void)posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    }
    status = posix_spawn(ret_pid, path, &actions, NULL, arguments, environment);
    (void)posix_spawn_file_actions_destroy(&actions);
    return -status;
}

static void close_pair(const int *pair) {
    (void)close(pair[0]);
    (void)close(pair[1]);
}

/* All bytes within the timeout: 0, -EPROTO at the end of what it says, -ETIMEDOUT. */
static int read_whole(int fd, void *ret, size_t bytes) {
    char *at = ret;
    while (bytes > 0) {
        struct pollfd waited = {.fd = fd, .events = POLLIN};
        int ready = poll(&waited, 1, REPLY_TIMEOUT_MS);
        if (ready == 0) {
            return -ETIMEDOUT;
        }
        ssize_t got = ready > 0 ? read(fd, at, bytes) : -1;
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return -EPROTO;
        }
        at += got;
        bytes -= (size_t)got;
    }
    return 0;
}

int worker_process_start(struct worker_process *ret, struct peer *peer, enum worker_noise noise) {
    int to[2];
    int from[2];
    memset(ret, 0, sizeof(*ret));
    if (pipe2(to, O_CLOEXEC) != 0) {
        return -errno;
    }
    if (pipe2(from, O_CLOEXEC) != 0) {
        int status = -errno;
        close_pair(to);
        return status;
    }
    pid_t pid = 0;
    int status = spawn(&pid, peer, noise, to[0], from[1]);
    (void)close(to[0]);
    (void)close(from[1]);
    if (status != 0) {
        (void)close(to[1]);
        (void)close(from[0]);
        return status;
    }
    *ret = (struct worker_process){.pid = pid, .to = to[1], .from = from[0]};
    status = read_whole(ret->from, &peer->hello, sizeof(peer->hello));
    if (status == 0) {
        status = peer->hello.status;
    } else {
        memset(&peer->hello, 0, sizeof(peer->hello));
    }
    if (status != 0) {
        worker_process_stop(ret);
    }
    return status;
}

/* The worker is silent for good: say how it ended. */
static void explain_end(struct worker_process *process, struct worker_reply *reply) {
    int how = 0;
    (void)close(process->to);
    (void)close(process->from);
    while (waitpid(process->pid, &how, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(how)) {
        (void)snprintf(reply->reason, sizeof(reply->reason),
                       "its worker was ended by signal %d (%s)", WTERMSIG(how),
                       strsignal(WTERMSIG(how)));
    } else {
        (void)snprintf(reply->reason, sizeof(reply->reason), "its worker ended with status %d",
                       WEXITSTATUS(how));
    }
    process->pid = 0;
}

int worker_process_ask(struct worker_process *process, const struct worker_request *request,
                       struct worker_reply *reply) {
    memset(reply, 0, sizeof(*reply));
    ssize_t put = 0;
    do {
        put = write(process->to, request, sizeof(*request));
    } while (put < 0 && errno == EINTR);
    int status = put == (ssize_t)sizeof(*request) ? read_whole(process->from, reply, sizeof(*reply))
                                                  : -EPROTO;
    if (status == -EPROTO) {
        explain_end(process, reply);
    } else if (status == -ETIMEDOUT) {
        worker_process_stop(process);
        (void)snprintf(reply->reason, sizeof(reply->reason),
                       "its worker gave no answer within %d seconds and was ended",
                       REPLY_TIMEOUT_MS / 1000);
    }
    return status;
}

void worker_process_stop(struct worker_process *process) {
    if (process->pid == 0) {
        return;
    }
    (void)close(process->to);
    (void)close(process->from);
    /* Killed, not asked: it may be in the midst of a round, and has nothing to save. */
    (void)kill(process->pid, SIGKILL);
    while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    process->pid = 0;
}
