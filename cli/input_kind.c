/* SPDX-License-Identifier: MIT */
/* What a file that a verb is given holds. */
#include "cli/input_kind.h"

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

enum input_kind input_kind(const char *path) {
    char first[64];
    /* Without waiting: a pipe is refused by who reads it. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    ssize_t n = fd < 0 ? 0 : read(fd, first, sizeof(first));
    ssize_t at = 0;
    while (at < n &&
           (first[at] == ' ' || first[at] == '\t' || first[at] == '\n' || first[at] == '\r')) {
        at++;
    }
    if (fd >= 0) {
        close(fd);
    }
    return at < n && first[at] == '{' ? INPUT_SNAPSHOT : INPUT_TRACE;
}
