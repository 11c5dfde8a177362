/* SPDX-License-Identifier: MIT */
/* Worker for the pools of GlusterFS (libglusterfs), loaded at run time. */
#include "bench/worker.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The public headers do not compile outside GlusterFS's own tree, so the few functions are declared
 * here. The calls go through pointers in memory, which is what a call through the GOT does too.
 */
struct mem_pool;
struct glusterfs_context;

typedef struct mem_pool *peer_pool;

static struct {
    struct glusterfs_context *(*context_new)(void);
    int (*globals_init)(struct glusterfs_context *context);
    void (*pools_init)(void);
    peer_pool (*pool_new)(struct glusterfs_context *context, unsigned long object_bytes,
                          unsigned long count, const char *name);
    void (*pool_destroy)(peer_pool pool);
    void *(*get)(peer_pool pool);
    void *(*get0)(peer_pool pool);
    void (*put)(void *object);
    struct glusterfs_context *context;
} glusterfs;

static int fail(struct worker_hello *hello, int status, const char *reason) {
    worker_text(hello->reason, sizeof(hello->reason), reason);
    return status;
}

static int find_functions(void *library) {
    const struct {
        const char *name;
        void *ret;
    } functions[] = {
        {"glusterfs_ctx_new", &glusterfs.context_new},
        {"glusterfs_globals_init", &glusterfs.globals_init},
        {"mem_pools_init", &glusterfs.pools_init},
        {"mem_pool_new_fn", &glusterfs.pool_new},
        {"mem_pool_destroy", &glusterfs.pool_destroy},
        {"mem_get_malloc", &glusterfs.get},
        {"mem_get_calloc", &glusterfs.get0},
        {"mem_put_pool", &glusterfs.put},
    };
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        void *address = dlsym(library, functions[i].name);
        if (address == NULL) {
            return -ENOSYS;
        }
        *(void **)functions[i].ret = address;
    }
    return 0;
}

/* No function tells the version; the library carries it in a text for its own log. */
static void tell_version(struct worker_hello *hello) {
    static const char before[] = "package-string: glusterfs ";
    struct stat status;
    int fd = open(hello->library, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return;
    }
    size_t bytes = fstat(fd, &status) == 0 ? (size_t)status.st_size : 0;
    void *file = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    (void)close(fd);
    if (file == MAP_FAILED) {
        return;
    }
    const char *text = memmem(file, bytes, before, sizeof(before) - 1);
    if (text != NULL) {
        worker_text(hello->version, sizeof(hello->version), text + sizeof(before) - 1);
        hello->version[strcspn(hello->version, "\n")] = '\0';
    }
    (void)munmap(file, bytes);
}

int peer_start(struct worker_hello *hello) {
    Dl_info info;
    void *library = dlopen("libglusterfs.so.0", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        return fail(hello, -ENOENT, "not installed");
    }
    if (find_functions(library) != 0) {
        return fail(hello, -ENOSYS, "this libglusterfs was built without memory pools");
    }
    if (dladdr(*(void **)&glusterfs.get, &info) != 0 && info.dli_fname != NULL) {
        worker_text(hello->library, sizeof(hello->library), info.dli_fname);
        tell_version(hello);
    }
    glusterfs.context = glusterfs.context_new();
    if (glusterfs.context == NULL || glusterfs.globals_init(glusterfs.context) != 0) {
        return fail(hello, -EIO, "libglusterfs could not be initialised");
    }
    /* As its daemons do: starts the thread that sweeps idle objects. */
    glusterfs.pools_init();
    return 0;
}

static inline int peer_open(peer_pool *ret, size_t object_bytes, size_t count) {
    *ret = glusterfs.pool_new(glusterfs.context, object_bytes, count, "bench");
    return *ret != NULL ? 0 : -ENOMEM;
}

static inline void peer_close(peer_pool pool) {
    glusterfs.pool_destroy(pool);
}

static inline void *peer_get(peer_pool pool) {
    return glusterfs.get(pool);
}

static inline void *peer_get0(peer_pool pool) {
    return glusterfs.get0(pool);
}

static inline void peer_put(peer_pool pool, void *object) {
    (void)pool;
    glusterfs.put(object);
}

#include "bench/one_by_one.h"

#include "bench/cases_template.h"
