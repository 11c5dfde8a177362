/* SPDX-License-Identifier: MIT */
/* Recording a process from its start: the environment variable MEMPOOL_RECORD, looked at when the
 * first pool or account has been made: so who only runs another program leaves it to that.
 *
 *      fd:N        the descriptor N
 *      fd:N,PID    the same in the process PID alone: not in programs that it runs
 *      PATH        a file that is not there yet; "%p" in it becomes the process's number */
#include "record/environment.h"

#include "base/bits.h"
#include "base/text.h"
#include "record/recording.h"
#include "sys/sys.h"

#include <errno.h>
#include <string.h>

enum { PATH_BYTES = 4096, STDERR = 2 };
#define VARIABLE "MEMPOOL_RECORD"

/* Digits and nothing but them, up to `end` or the text's end; -1: none. */
static long read_number(const char *from, char end, const char **ret_behind) {
    long value = 0;
    const char *at = from;
    while (*at >= '0' && *at <= '9' && value < (1L << 30)) {
        value = value * 10 + (*at++ - '0');
    }
    *ret_behind = *at == '\0' ? at : at + 1;
    return at != from && (*at == '\0' || *at == end) ? value : -1;
}

static void complain(const char *setting, const char *what, int result) {
    char line[PATH_BYTES + 128];
    struct text text;
    text_init(&text, line, sizeof line);
    text_add(&text, "mempool: MEMPOOL_RECORD=");
    text_add_escaped(&text, setting, min_size(strlen(setting), PATH_BYTES / 4));
    text_add(&text, what);
    if (result != 0) {
        text_add_signed(&text, -result);
    }
    text_add(&text, "\n");
    (void)sys_write_unsignalled(STDERR, line, text.length);
}

static int open_path(const char *setting) {
    char path[PATH_BYTES];
    struct text text;
    text_init(&text, path, sizeof path);
    for (; *setting != '\0'; setting++) {
        if (setting[0] == '%' && setting[1] == 'p') {
            text_add_unsigned(&text, (uint64_t)sys_process_id());
            setting++;
        } else {
            text_add_bytes(&text, setting, 1);
        }
    }
    return sys_create_new(path);
}

/* Whether a descriptor is meant for us, and which; -1: no. */
static int named_descriptor(const char *setting) {
    const char *behind;
    long fd = read_number(setting + 3, ',', &behind);
    if (fd < 0) {
        complain(setting, ": not fd:N nor fd:N,PID", 0);
        return -1;
    }
    if (*behind != '\0' && read_number(behind, '\0', &behind) != sys_process_id()) {
        return -1;
    }
    return (int)fd;
}

static void begin(const char *setting) {
    bool named = strncmp(setting, "fd:", 3) == 0;
    int fd = named ? named_descriptor(setting) : open_path(setting);
    if (named && fd < 0) {
        return;
    }
    if (fd >= 0) {
        sys_close_at_exec(fd);
    }
    int result = fd >= 0 ? recording_begin(fd, true) : fd;
    if (result != 0) {
        complain(setting, ": not recorded: error ", result);
    }
}

bool recording_is_asked_for(void) {
    const char *setting = sys_environment(VARIABLE);
    return setting != NULL && setting[0] != '\0';
}

void recording_from_environment(void) {
    int saved_errno = errno;
    const char *setting = sys_environment(VARIABLE);
    if (setting != NULL) {
        begin(setting);
    }
    errno = saved_errno;
}
