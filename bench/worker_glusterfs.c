/* SPDX-License-Identifier: MIT */
/* Worker for the pools and the accounted heap of GlusterFS (libglusterfs), loaded at run time. */
#include "bench/worker.h"
#include "replay/engine.h"
#include "replay/registry.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
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

#define SITE_TYPES 256 /* types of an xlator that have an account; GlusterFS's own are fewer */

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
    void *(*malloc)(size_t bytes, uint32_t type, const char *type_name);
    void *(*calloc)(size_t n, size_t bytes, uint32_t type, const char *type_name);
    void *(*realloc)(void *block, size_t bytes);
    void (*free)(void *block);
    void (*account_enable)(struct glusterfs_context *context);
    int (*account_init)(void *xlator, int n_types);
    void **(*current)(void);            /* the thread's, which allocations are charged to */
    struct glusterfs_context **process; /* the one that a process begins with */
    struct glusterfs_context *context;
} glusterfs;

static bool has_accounts; /* else there are pools only */

static int fail(struct worker_hello *hello, int status, const char *reason) {
    worker_text(hello->reason, sizeof(hello->reason), reason);
    return status;
}

struct wanted {
    const char *name;
    void *ret;
};

static int find_all(void *library, const struct wanted *wanted, size_t n) {
    for (size_t i = 0; i < n; i++) {
        void *address = dlsym(library, wanted[i].name);
        if (address == NULL) {
            return -ENOSYS;
        }
        *(void **)wanted[i].ret = address;
    }
    return 0;
}

static int find_pools(void *library) {
    const struct wanted wanted[] = {
        {"glusterfs_ctx_new", &glusterfs.context_new},
        {"glusterfs_globals_init", &glusterfs.globals_init},
        {"mem_pools_init", &glusterfs.pools_init},
        {"mem_pool_new_fn", &glusterfs.pool_new},
        {"mem_pool_destroy", &glusterfs.pool_destroy},
        {"mem_get_malloc", &glusterfs.get},
        {"mem_get_calloc", &glusterfs.get0},
        {"mem_put_pool", &glusterfs.put},
    };
    return find_all(library, wanted, sizeof(wanted) / sizeof(wanted[0]));
}

static int find_heap(void *library) {
    const struct wanted wanted[] = {
        {"__gf_malloc", &glusterfs.malloc},
        {"__gf_calloc", &glusterfs.calloc},
        {"__gf_realloc", &glusterfs.realloc},
        {"__gf_free", &glusterfs.free},
        {"gf_mem_acct_enable_set", &glusterfs.account_enable},
        {"xlator_mem_acct_init", &glusterfs.account_init},
        {"__glusterfs_this_location", &glusterfs.current},
        {"global_xlator", &glusterfs.process},
    };
    return find_all(library, wanted, sizeof(wanted) / sizeof(wanted[0]));
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

/* Its size, from the library's symbol table; 0: unknown. */
static size_t xlator_bytes(void) {
    Dl_info info;
    const ElfW(Sym) *symbol = NULL;
    void *found = &symbol;
    bool is_found = dladdr1(glusterfs.process, &info, found, RTLD_DL_SYMENT) != 0;
    return is_found && symbol != NULL ? symbol->st_size : 0;
}

/* Accounting on, and the process's xlator with accounts, as GlusterFS's daemons begin. They also
 * write the context into that xlator, at a place that differs from version to version: it is the
 * one without which xlator_mem_acct_init refuses. */
static int begin_accounting(void) {
    size_t slots = xlator_bytes() / sizeof(*glusterfs.process);
    glusterfs.account_enable(glusterfs.context);
    for (size_t i = 0; i < slots; i++) {
        if (glusterfs.process[i] == NULL) {
            glusterfs.process[i] = glusterfs.context;
            if (glusterfs.account_init(glusterfs.process, SITE_TYPES) == 0) {
                return 0;
            }
            glusterfs.process[i] = NULL;
        }
    }
    return -ENOTSUP;
}

int peer_start(struct worker_hello *hello) {
    Dl_info info;
    void *library = dlopen("libglusterfs.so.0", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        return fail(hello, -ENOENT, "not installed");
    }
    if (find_pools(library) != 0) {
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
    has_accounts = find_heap(library) == 0 && begin_accounting() == 0;
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

/* --- the heap --- */

#define PEER_HAS_HEAP has_accounts

#define BLOCK_MAGIC UINT32_C(0xcafebabe) /* last word of an accounted block's header */

/* An xlator, which is GlusterFS's word for a component: with accounts, and how many of its types
 * have a name by now. */
struct accounted {
    void *xlator;
    uint32_t n_types;
};

typedef struct glusterfs_site {
    void *xlator;
    uint32_t type;
    const char *type_name;
} * peer_site;

static struct registry xlators, sites;

/* A copy of the process's own, so that no layout of this version need be known, with accounts. */
static void *make_xlator(void) {
    void *made = has_accounts ? replay_memory_take(&xlators.memory, 1, xlator_bytes()) : NULL;
    if (made == NULL) {
        errno = ENOTSUP;
        return NULL;
    }
    memcpy(made, glusterfs.process, xlator_bytes());
    if (glusterfs.account_init(made, SITE_TYPES) != 0) {
        errno = ENOTSUP;
        return NULL;
    }
    return made;
}

static struct accounted *find_xlator(struct site_name name) {
    void **place = registry_find(&xlators, name.component, name.component_bytes);
    if (place != NULL && *place == NULL) {
        struct accounted *made = replay_memory_take(&xlators.memory, 1, sizeof(*made));
        if (made != NULL) {
            made->xlator = make_xlator();
        }
        *place = made != NULL && made->xlator != NULL ? made : NULL;
    }
    return place != NULL ? *place : NULL;
}

static inline void peer_enter(struct replay_worker *worker, peer_site site) {
    if (worker->own != site->xlator) {
        *glusterfs.current() = site->xlator;
        worker->own = site->xlator;
    }
}

static inline void *peer_malloc(peer_site site, size_t bytes) {
    return glusterfs.malloc(bytes, site->type, site->type_name);
}

static inline void *peer_calloc(peer_site site, size_t bytes) {
    return glusterfs.calloc(1, bytes, site->type, site->type_name);
}

static inline void *peer_realloc(void *block, size_t bytes) {
    return glusterfs.realloc(block, bytes);
}

static inline void peer_free(void *block) {
    glusterfs.free(block);
}

/* With accounting switched off it is malloc, and no comparison: its blocks have no header then. */
static bool is_accounting(peer_site site) {
    void *before = *glusterfs.current();
    *glusterfs.current() = site->xlator;
    char *block = peer_malloc(site, 64);
    uint32_t magic = 0;
    if (block != NULL) {
        memcpy(&magic, block - sizeof(magic), sizeof(magic));
        peer_free(block);
    }
    *glusterfs.current() = before;
    return magic == BLOCK_MAGIC;
}

static peer_site peer_site_open(const char *name) {
    void **place = registry_find(&sites, name, strlen(name));
    if (place == NULL || *place != NULL) {
        return place != NULL ? *place : NULL;
    }
    struct site_name parts = site_name_split(name);
    struct accounted *of = find_xlator(parts);
    peer_site site = of != NULL ? replay_memory_take(&sites.memory, 1, sizeof(*site)) : NULL;
    if (site == NULL) {
        return NULL;
    }
    *site = (struct glusterfs_site){of->xlator, of->n_types++, parts.type};
    if (of->n_types > SITE_TYPES || !is_accounting(site)) {
        errno = ENOTSUP;
        return NULL;
    }
    *place = site;
    return site;
}

#include "bench/one_by_one.h"

#include "bench/cases_template.h"
