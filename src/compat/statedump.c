/* SPDX-License-Identifier: MIT */
/* The statedump of a context, in a file of its own or to a descriptor.
 *
 *      [mallinfo]                                    libc's malloc
 *      [global.glusterfs - Memory usage]             what no translator allocated
 *      [global.glusterfs - usage-type TYPE memusage]
 *      [mempool]                                     the context's pools, newest first
 *      [active graph - N]
 *      [TYPE.NAME - Memory usage]                    each of the context's translators
 *      [TYPE.NAME - usage-type TYPE memusage]
 *
 * Nothing is held while it is written. Two at once write a file each, and the later rename wins. */
#include "observe/statedump.h"

#include "base/text.h"
#include "compat/log.h"
#include "compat/options.h"
#include "compat/pool.h"
#include "compat/translator.h"
#include "sys/sys.h"
#include "vm/blocks.h"

#include <errno.h>
#include <string.h>

enum {
    FOLDER_BYTES = 1024,
    PATH_BYTES = 2048, /* of a folder, and of a name made of a path */
};

static const char default_folder[] = "/var/run/gluster";
static char run_folder[FOLDER_BYTES]; /* compat_lock; "": the default */

/* ---- what is in it --------------------------------------------------------------------------- */

static int dump_pools(const glusterfs_ctx_t *ctx, int fd) {
    static const char section[] = "\n[mempool]\n";
    uint64_t serial = UINT64_MAX;
    struct classic_view view;
    int result = sys_write(fd, section, sizeof section - 1);
    while (result == 0 && classic_pool_next(ctx, &serial, &view)) {
        result = statedump_pool(fd, &view.stats, view.name);
    }
    return result;
}

static int dump_memory(const glusterfs_ctx_t *ctx, int fd) {
    int result = statedump_mallinfo(fd);
    if (result == 0) {
        result = statedump_memusage(fd, mempool_component_process(), translator_process_title);
    }
    return result == 0 ? dump_pools(ctx, fd) : result;
}

static int dump_graph(const glusterfs_ctx_t *ctx, int fd) {
    char buffer[64];
    struct text text;
    text_init(&text, buffer, sizeof buffer);
    text_add(&text, "\n[active graph - ");
    text_add_signed(&text, ctx->graph_id);
    text_add(&text, "]\n");
    int result = sys_write(fd, buffer, text.length);
    for (const struct owner *owner = owner_after(NULL); owner != NULL && result == 0;
         owner = owner_after(owner)) {
        if (owner->ctx == ctx) {
            result = statedump_memusage(fd, owner->component, owner->title);
        }
    }
    return result;
}

/* ---- where it goes --------------------------------------------------------------------------- */

struct dump {
    const glusterfs_ctx_t *ctx;
    char run[FOLDER_BYTES]; /* where the options are */
    char temporary[PATH_BYTES], path[PATH_BYTES];
};

static void add_folder(const struct dump *dump, struct text *text) {
    text_add(text, dump->ctx->statedump_path != NULL ? dump->ctx->statedump_path : dump->run);
    text_add(text, "/");
}

/* A brick's path as a file's name: without its first character, hyphens for slashes. */
static void add_name(const struct dump *dump, struct text *text) {
    const char *brick = dump->ctx->cmd_args.brick_name;
    if (brick == NULL || brick[0] == '\0') {
        text_add(text, "glusterdump");
        return;
    }
    for (brick++; *brick != '\0'; brick++) {
        text_add_bytes(text, *brick == '/' ? "-" : brick, 1);
    }
}

/* 0, or -ENAMETOOLONG. */
static int name_files(struct dump *dump) {
    struct sys_signals before;
    struct text temporary, path;
    compat_lock_take(&before);
    memcpy(dump->run, run_folder, sizeof dump->run);
    compat_lock_drop(&before);
    if (dump->run[0] == '\0') {
        memcpy(dump->run, default_folder, sizeof default_folder);
    }
    text_init(&temporary, dump->temporary, sizeof dump->temporary);
    add_folder(dump, &temporary);
    text_add(&temporary, "dumpXXXXXX");
    text_init(&path, dump->path, sizeof dump->path);
    add_folder(dump, &path);
    add_name(dump, &path);
    text_add(&path, ".");
    text_add_signed(&path, sys_process_id());
    text_add(&path, ".dump");
    return temporary.cut || path.cut ? -ENAMETOOLONG : 0;
}

static int write_to(const struct dump *dump, int fd) {
    bool memory;
    int result = dump_options_read(dump->run, fd, &memory);
    if (result == 0 && memory) {
        result = dump_memory(dump->ctx, fd);
    }
    return result == 0 ? dump_graph(dump->ctx, fd) : result;
}

static int write_file(struct dump *dump) {
    int result = name_files(dump);
    int fd = result == 0 ? sys_create_unique(dump->temporary) : result;
    if (fd < 0) {
        return fd;
    }
    result = write_to(dump, fd);
    sys_close(fd);
    if (result == 0) {
        result = sys_rename(dump->temporary, dump->path);
    }
    if (result != 0) {
        sys_remove(dump->temporary);
    }
    return result;
}

static const glusterfs_ctx_t *ctx_here(void) {
    const glusterfs_ctx_t *ctx = THIS->ctx;
    return ctx != NULL ? ctx : mempool_gf_ctx_get();
}

static void log_failure(const char *path, int result, uintptr_t site) {
    char buffer[PATH_BYTES + 64];
    struct text text;
    text_init(&text, buffer, sizeof buffer);
    text_add(&text, "no statedump ");
    text_add(&text, path);
    text_add(&text, ": error ");
    text_add_signed(&text, -result);
    log_text(LOG_ORIGIN("statedump", "gf_proc_dump_info", site), GF_LOG_WARNING, buffer);
}

/* ---- public ---------------------------------------------------------------------------------- */

MEMPOOL_API void mempool_gf_dump_info(int signum) {
    uintptr_t site = MEMPOOL_SITE();
    int saved_errno = errno;
    int result = compat_init();
    struct dump *dump = result == 0 ? block_take(sizeof *dump) : NULL;
    (void)signum;
    if (dump == NULL) {
        log_failure("", -ENOMEM, site);
    } else {
        dump->ctx = ctx_here();
        result = write_file(dump);
        if (result != 0) {
            log_failure(dump->path, result, site);
        }
        block_give(dump, sizeof *dump);
    }
    errno = saved_errno;
}

MEMPOOL_API void mempool_gf_dump_mempool_info(glusterfs_ctx_t *ctx) {
    uint64_t serial = UINT64_MAX;
    struct classic_view view;
    while (ctx != NULL && classic_pool_next(ctx, &serial, &view)) {
    }
}

MEMPOOL_API int mempool_gf_dump(glusterfs_ctx_t *ctx, int fd) {
    int saved_errno = errno;
    int result = compat_init();
    if (result == 0) {
        ctx = ctx != NULL ? ctx : mempool_gf_ctx_get();
        result = dump_memory(ctx, fd);
    }
    if (result == 0) {
        result = dump_graph(ctx, fd);
    }
    errno = saved_errno;
    return result;
}

MEMPOOL_API int mempool_gf_run_directory_set(const char *path) {
    struct sys_signals before;
    path = path != NULL ? path : "";
    size_t length = strlen(path);
    if (length >= sizeof run_folder) {
        return -EINVAL;
    }
    compat_lock_take(&before);
    memset(run_folder, 0, sizeof run_folder);
    memcpy(run_folder, path, length);
    compat_lock_drop(&before);
    return 0;
}
