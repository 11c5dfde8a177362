/* SPDX-License-Identifier: MIT */
/* Where GlusterFS reads its counters, and our files. */
#include "dump.h"

#include "original.h"
#include "pools.h"
#include "translator.h"

#include <mempool/observe.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DIRECTORY_DEFAULT "/var/run/gluster"

/* ---- GlusterFS's ----------------------------------------------------------------------------- */

static void sync_all(void) {
    if (original_engaged()) {
        pools_sync();
        translators_sync();
    }
}

GLUSTERFS_API void gf_proc_dump_mempool_info(void *context);
GLUSTERFS_API void gf_proc_dump_mempool_info(void *context) {
    sync_all();
    original.dump_pools(context);
}

GLUSTERFS_API void gf_proc_dump_mempool_info_to_dict(void *context, void *dict);
GLUSTERFS_API void gf_proc_dump_mempool_info_to_dict(void *context, void *dict) {
    sync_all();
    original.dump_pools_to_dict(context, dict);
}

GLUSTERFS_API void gf_proc_dump_xlator_meminfo(void *translator, void *text);
GLUSTERFS_API void gf_proc_dump_xlator_meminfo(void *translator, void *text) {
    sync_all();
    original.dump_translator(translator, text);
}

GLUSTERFS_API char *gf_monitor_metrics(void *context);
GLUSTERFS_API char *gf_monitor_metrics(void *context) {
    sync_all();
    return original.monitor(context);
}

/* ---- ours ------------------------------------------------------------------------------------ */

bool dump_path(char ret_path[DUMP_PATH_BYTES], const char *kind) {
    const char *directory = secure_getenv("MEMPOOL_GLUSTERFS_DIR");
    if (directory == NULL || directory[0] == '\0') {
        directory = DIRECTORY_DEFAULT;
    }
    int n = snprintf(ret_path, DUMP_PATH_BYTES, "%s/mempool.%ld.%s", directory, (long)getpid(),
                     kind);
    return n > 0 && n < DUMP_PATH_BYTES;
}

static int write_dump(int fd) {
    char line[64];
    int n = snprintf(line, sizeof line, "\n[mempool-glusterfs]\nforeign-puts=%llu\n\n",
                     (unsigned long long)pools_foreign_puts());
    int result = mempool_statedump(fd);
    if (result == 0 && write(fd, line, (size_t)n) != n) {
        result = -EIO;
    }
    return result == 0 ? mempool_leak_report(fd, NULL) : result;
}

/* Whole, or not at all. */
static void write_file(const char *kind, int (*content)(int fd)) {
    char path[DUMP_PATH_BYTES], unfinished[DUMP_PATH_BYTES];
    char kind_unfinished[32];
    (void)snprintf(kind_unfinished, sizeof kind_unfinished, "%s.unfinished", kind);
    if (!dump_path(path, kind) || !dump_path(unfinished, kind_unfinished)) {
        original_say("MEMPOOL_GLUSTERFS_DIR is too long for a path");
        return;
    }
    int fd = open(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    int result = fd >= 0 ? content(fd) : -errno;
    if (fd >= 0 && close(fd) != 0 && result == 0) {
        result = -errno;
    }
    if (result == 0 && rename(unfinished, path) != 0) {
        result = -errno;
    }
    if (result != 0) {
        (void)unlink(unfinished);
        original_say("%s: %s", path, strerror(-result));
    }
}

GLUSTERFS_API void gf_proc_dump_info(int signal, void *context);
GLUSTERFS_API void gf_proc_dump_info(int signal, void *context) {
    sync_all();
    original.dump(signal, context);
    if (original_engaged()) {
        write_file("dump", write_dump);
        write_file("snapshot", mempool_snapshot);
    }
}
