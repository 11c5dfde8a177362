/* SPDX-License-Identifier: MIT */
/* Reports into a file. */
#include "misuse.h"

#include "dump.h"

#include "misuse/policy.h"
#include "misuse/report.h"

#include <mempool/misuse.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool aborts[MEMPOOL_MISUSE_KINDS];

static void write_report(int fd, const char *text) {
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t n = write(fd, text, left);
        if (n <= 0) {
            return;
        }
        text += n;
        left -= (size_t)n;
    }
}

static void append(const char *text) {
    char path[DUMP_PATH_BYTES];
    int fd = -1;
    if (dump_path(path, "misuse")) {
        fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    }
    write_report(fd >= 0 ? fd : STDERR_FILENO, text);
    if (fd >= 0) {
        (void)close(fd);
    }
}

/* A callback is called each time; the file is not to fill the file system that it is in. */
static void report(const struct mempool_misuse *misuse, void *unused) {
    (void)unused;
    if (aborts[misuse->kind] || report_is_due(mempool_misuse_count(misuse->kind))) {
        append(misuse->text);
    }
    if (aborts[misuse->kind]) {
        abort();
    }
}

void misuse_connect(void) {
    policy_init();
    mempool_misuse_callback_set(report, NULL);
    for (unsigned i = 0; i < MEMPOOL_MISUSE_KINDS; i++) {
        enum mempool_misuse_kind kind = (enum mempool_misuse_kind)i;
        aborts[i] = policy_action(kind) == MEMPOOL_MISUSE_ABORT;
        (void)mempool_misuse_action_set(kind, MEMPOOL_MISUSE_CALLBACK);
    }
}
