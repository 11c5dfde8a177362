/* SPDX-License-Identifier: MIT */
/* `mempool serve` in parts: where it listens, what it answers, and the protocol between. */
#ifndef CLI_SERVE_H
#define CLI_SERVE_H

#include <stdbool.h>
#include <stddef.h>

struct serve_job {
    const char *verb;
    const char *listen; /* as given: ADDRESS:PORT */
    bool is_remote_allowed, is_once, is_without_ledger;
};

/** serve_is_supported: whether this build can serve (it was made with libmicrohttpd). */
bool serve_is_supported(void);

/** serve_run: answer until SIGINT or SIGTERM comes, or of one request.  An exit status. */
int serve_run(const struct serve_job *job);

enum { SERVE_URL_BYTES = 80 };

/** serve_listen: a socket that listens, and its address as "http://...:PORT/" into
 *  SERVE_URL_BYTES.  Shape: 0; or an exit status and a complaint: bad usage where the address is
 *  none, or not one of this machine's own (127.0.0.0/8, ::1) and that was not allowed. */
int serve_listen(const struct serve_job *job, int *ret_socket, char *ret_url);

/** serve_knows_host: whether a request's field Host names this machine by its number, or as
 *  localhost. A page of a browser that was told another name for it cannot ask us. */
bool serve_knows_host(const char *host);

/* An answer. */
struct serve_page {
    unsigned status; /* of HTTP */
    const char *type;
    char *bytes;     /* to be given back by free(3) */
    size_t n;
};

/** serve_page: make what a path names.  Shape: 0 (also where the page only says why not); -ENOMEM.
 *  Cost:  a look at the maps of every process; more for those that are asked about. */
int serve_page(const struct serve_job *job, const char *path, struct serve_page *ret);

/** serve_page_text: a page of one line. */
int serve_page_text(unsigned status, const char *text, struct serve_page *ret);

#endif
