/* SPDX-License-Identifier: MIT */
/* Core files, in a build without elfutils: none. */
#include <errno.h>
#include <stddef.h>

#include "inspect/core.h"
#include "inspect/failure.h"

bool core_is_supported(void) {
    return false;
}

int core_open(struct core **ret, const char *path, struct snapshot_error *error) {
    (void)ret;
    return failure(error, -ENOTSUP,
                   "%s: this build reads no core files (it was made without "
                   "elfutils)",
                   path);
}

struct view_source *core_source(struct core *core) {
    (void)core;
    return NULL;
}

const char *core_program(const struct core *core) {
    (void)core;
    return "";
}

int64_t core_pid(const struct core *core) {
    (void)core;
    return 0;
}

bool core_is_truncated(const struct core *core) {
    (void)core;
    return false;
}

const struct mapped_list *core_mapped(const struct core *core) {
    (void)core;
    return NULL;
}

void core_close(struct core *core) {
    (void)core;
}
