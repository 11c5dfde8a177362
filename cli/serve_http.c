/* SPDX-License-Identifier: MIT */
/* `mempool serve`: HTTP, by libmicrohttpd.
 *
 * One thread, and a page at a time. What a request may have is bounded: its head by what is kept of
 * a connection, its body is refused, a connection lives so many seconds whatever comes, and there
 * are only so many. */
#include <errno.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cli/message.h"
#include "cli/serve.h"
#include "cli/verb.h"

enum {
    CONNECTIONS_MAX = 32,
    CONNECTION_BYTES = 16 << 10, /* of a request's head, and what it takes to send */
    CONNECTION_SECONDS = 30,
    IDLE_SECONDS = 10,
    TICK_MS = 1000,
};

static volatile sig_atomic_t is_ended;

struct connection {
    int fd; /* -1: none */
    int64_t end_seconds;
};

struct server {
    const struct serve_job *job;
    struct connection connections[CONNECTIONS_MAX];
    unsigned n_connections;
    bool has_answered;
};

static void end_on_signal(int number) {
    (void)number;
    is_ended = 1;
}

static int64_t now_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* ---- connections ---------------------------------------------------------------------------- */

static int fd_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

static void notice_connection(void *arg, struct MHD_Connection *connection, void **own,
                              enum MHD_ConnectionNotificationCode code) {
    struct server *server = arg;
    bool is_new = code == MHD_CONNECTION_NOTIFY_STARTED;
    int wanted = is_new ? -1 : fd_of(connection);
    (void)own;
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        struct connection *place = &server->connections[i];
        if (place->fd == wanted) {
            place->fd = is_new ? fd_of(connection) : -1;
            place->end_seconds = now_seconds() + CONNECTION_SECONDS;
            server->n_connections = is_new ? server->n_connections + 1
                                           : server->n_connections - 1;
            return;
        }
    }
}

/* The library closes what has been shut down. */
static void shut_old_connections(const struct server *server) {
    int64_t now = now_seconds();
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        if (server->connections[i].fd >= 0 && server->connections[i].end_seconds <= now) {
            shutdown(server->connections[i].fd, SHUT_RDWR);
        }
    }
}

/* ---- requests ------------------------------------------------------------------------------- */

static bool has_body(struct MHD_Connection *connection) {
    const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                     MHD_HTTP_HEADER_CONTENT_LENGTH);
    return (length && strcmp(length, "0") != 0) ||
           MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                       MHD_HTTP_HEADER_TRANSFER_ENCODING);
}

static bool is_host_known(const struct server *server, struct MHD_Connection *connection) {
    const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                   MHD_HTTP_HEADER_HOST);
    return !host || server->job->is_remote_allowed || serve_knows_host(host);
}

static int make_page(const struct server *server, struct MHD_Connection *connection,
                     const char *path, const char *method, struct serve_page *ret) {
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
        return serve_page_text(MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD", ret);
    }
    if (has_body(connection)) {
        return serve_page_text(MHD_HTTP_CONTENT_TOO_LARGE, "a request has no body here", ret);
    }
    if (!is_host_known(server, connection)) {
        return serve_page_text(MHD_HTTP_FORBIDDEN, "not by this name", ret);
    }
    return serve_page(server->job, path, ret);
}

static enum MHD_Result answer(void *arg, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_bytes, void **own) {
    const struct server *server = arg;
    struct serve_page page;
    (void)version;
    (void)upload;
    (void)upload_bytes;
    (void)own;
    if (make_page(server, connection, path, method, &page) != 0) {
        return MHD_NO; /* no memory: the connection is closed */
    }
    struct MHD_Response *response =
        MHD_create_response_from_buffer(page.n, page.bytes, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        free(page.bytes);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, page.type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (page.status == MHD_HTTP_METHOD_NOT_ALLOWED) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    }
    enum MHD_Result result = MHD_queue_response(connection, page.status, response);
    MHD_destroy_response(response);
    return result;
}

static void notice_end(void *arg, struct MHD_Connection *connection, void **own,
                       enum MHD_RequestTerminationCode code) {
    struct server *server = arg;
    (void)connection;
    (void)own;
    if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK) {
        server->has_answered = true;
    }
}

/* ---- the loop ------------------------------------------------------------------------------- */

/* Signals that end us come only while we wait. */
static void take_signals(sigset_t *ret_while_waiting) {
    struct sigaction action = {.sa_handler = end_on_signal};
    sigset_t ours;
    sigemptyset(&action.sa_mask);
    sigemptyset(&ours);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGTERM);
    sigprocmask(SIG_BLOCK, &ours, ret_while_waiting);
    sigdelset(ret_while_waiting, SIGINT);
    sigdelset(ret_while_waiting, SIGTERM);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* Wait for something to do, and do it; false: that cannot be. */
static bool step(struct server *server, struct MHD_Daemon *daemon, const sigset_t *signals) {
    fd_set reads, writes, excepts;
    int highest = -1;
    unsigned long long due_ms;
    FD_ZERO(&reads);
    FD_ZERO(&writes);
    FD_ZERO(&excepts);
    if (MHD_get_fdset(daemon, &reads, &writes, &excepts, &highest) != MHD_YES) {
        return false;
    }
    bool is_due = MHD_get_timeout(daemon, &due_ms) == MHD_YES;
    uint64_t wait_ms = is_due && due_ms < TICK_MS ? due_ms : TICK_MS;
    struct timespec wait = {.tv_sec = (time_t)(wait_ms / 1000),
                            .tv_nsec = (long)(wait_ms % 1000) * 1000000};
    int n = pselect(highest + 1, &reads, &writes, &excepts,
                    server->n_connections > 0 || is_due ? &wait : NULL, signals);
    if (n < 0) {
        return errno == EINTR;
    }
    shut_old_connections(server);
    return MHD_run_from_select(daemon, &reads, &writes, &excepts) == MHD_YES;
}

static int loop(struct server *server, struct MHD_Daemon *daemon, const sigset_t *signals) {
    bool is_running = true;
    while (is_running && !is_ended &&
           !(server->job->is_once && server->has_answered && server->n_connections == 0)) {
        is_running = step(server, daemon, signals);
    }
    if (!is_running) {
        complain(server->job->verb, "cannot wait for requests: %s", strerror(errno));
        return CLI_FAILED;
    }
    return CLI_OK;
}

static int serve_on(struct server *server, int socket, const char *url) {
    sigset_t signals;
    take_signals(&signals);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_NO_FLAG, 0, NULL, NULL, answer, server, MHD_OPTION_LISTEN_SOCKET, socket,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
        MHD_OPTION_NOTIFY_CONNECTION, notice_connection, server, MHD_OPTION_NOTIFY_COMPLETED,
        notice_end, server, MHD_OPTION_END);
    if (!daemon) {
        complain(server->job->verb, "cannot start to serve on %s", url);
        close(socket);
        return CLI_FAILED;
    }
    puts(url);
    int status = finish_output(server->job->verb);
    if (status == CLI_OK) {
        status = loop(server, daemon, &signals);
    }
    MHD_stop_daemon(daemon);
    return status;
}

bool serve_is_supported(void) {
    return true;
}

int serve_run(const struct serve_job *job) {
    struct server server = {.job = job};
    char url[SERVE_URL_BYTES];
    int socket;
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        server.connections[i].fd = -1;
    }
    int status = serve_listen(job, &socket, url);
    return status == CLI_OK ? serve_on(&server, socket, url) : status;
}
