/* SPDX-License-Identifier: MIT */
/* Where `mempool serve` listens. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/message.h"
#include "cli/option.h"
#include "cli/serve.h"
#include "cli/verb.h"

enum {
    HOST_BYTES = INET6_ADDRSTRLEN,
    PORT_MAX = 65535,
    BACKLOG = 16,
};

union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
};

static socklen_t bytes_of(const union address *address) {
    return address->any.sa_family == AF_INET6 ? sizeof(address->six) : sizeof(address->four);
}

/* "HOST:PORT", "[HOST]:PORT": its two parts; false: it is neither. */
static bool split(const char *text, char host[HOST_BYTES], const char **ret_port) {
    const char *colon = strrchr(text, ':');
    if (!colon) {
        return false;
    }
    size_t n = (size_t)(colon - text);
    if (text[0] == '[' && n >= 2 && text[n - 1] == ']') {
        text++;
        n -= 2;
    } else if (memchr(text, ':', n)) {
        return false;
    }
    if (n >= HOST_BYTES) {
        return false;
    }
    memcpy(host, text, n);
    host[n] = '\0';
    *ret_port = colon + 1;
    return true;
}

static bool parse_host(const char *host, union address *ret) {
    *ret = (union address){.any.sa_family = AF_INET};
    if (strcmp(host, "localhost") == 0) {
        host = "127.0.0.1";
    }
    if (inet_pton(AF_INET, host, &ret->four.sin_addr) == 1) {
        return true;
    }
    *ret = (union address){.six.sin6_family = AF_INET6};
    return inet_pton(AF_INET6, host, &ret->six.sin6_addr) == 1;
}

static bool is_loopback(const union address *address) {
    return address->any.sa_family == AF_INET6
               ? IN6_IS_ADDR_LOOPBACK(&address->six.sin6_addr)
               : ntohl(address->four.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

static int parse(const struct serve_job *job, union address *ret) {
    char host[HOST_BYTES];
    const char *port_text;
    unsigned port;
    if (!split(job->listen, host, &port_text) || !parse_host(host, ret)) {
        return option_refuse(job->verb, "--listen takes ADDRESS:PORT, the address a number; not",
                             job->listen);
    }
    int status = option_number(job->verb, "the port of --listen", port_text, 0, PORT_MAX, &port);
    if (status != CLI_OK) {
        return status;
    }
    if (!is_loopback(ret) && !job->is_remote_allowed) {
        complain(job->verb,
                 "%s: others than this machine could read what processes do there; to want that,"
                 " say --allow-remote",
                 job->listen);
        return CLI_BAD_USAGE;
    }
    if (ret->any.sa_family == AF_INET6) {
        ret->six.sin6_port = htons((uint16_t)port);
    } else {
        ret->four.sin_port = htons((uint16_t)port);
    }
    return CLI_OK;
}

/* A socket, or -1. */
static int open_socket(const union address *address) {
    int yes = 1;
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -1;
    }
    /* one after the other on the same port; of IPv6 nothing but that */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (address->any.sa_family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
    }
    if (bind(fd, &address->any, bytes_of(address)) == 0 && listen(fd, BACKLOG) == 0) {
        return fd;
    }
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

static void make_url(const union address *address, char *ret_url) {
    char host[HOST_BYTES] = "";
    bool is_six = address->any.sa_family == AF_INET6;
    const void *number = is_six ? (const void *)&address->six.sin6_addr
                                : (const void *)&address->four.sin_addr;
    inet_ntop(address->any.sa_family, number, host, sizeof(host));
    snprintf(ret_url, SERVE_URL_BYTES, is_six ? "http://[%s]:%u/" : "http://%s:%u/", host,
             (unsigned)ntohs(is_six ? address->six.sin6_port : address->four.sin_port));
}

int serve_listen(const struct serve_job *job, int *ret_socket, char *ret_url) {
    union address address;
    int status = parse(job, &address);
    if (status != CLI_OK) {
        return status;
    }
    int fd = open_socket(&address);
    socklen_t bytes = sizeof(address);
    if (fd < 0 || getsockname(fd, &address.any, &bytes) != 0) {
        complain(job->verb, "%s: cannot listen: %s", job->listen, strerror(errno));
        return CLI_FAILED;
    }
    make_url(&address, ret_url);
    *ret_socket = fd;
    return CLI_OK;
}

bool serve_knows_host(const char *host) {
    char name[HOST_BYTES];
    const char *port;
    union address address;
    size_t n = strlen(host);
    if (split(host, name, &port)) {
        return parse_host(name, &address);
    }
    /* no port: the number alone, that of IPv6 in brackets */
    if (n >= HOST_BYTES || n == 0) {
        return false;
    }
    bool is_six = host[0] == '[' && host[n - 1] == ']';
    memcpy(name, host + is_six, n - 2 * (size_t)is_six);
    name[n - 2 * (size_t)is_six] = '\0';
    return parse_host(name, &address);
}
