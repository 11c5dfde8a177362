/* SPDX-License-Identifier: MIT */
/* The names of GlusterFS's mem-pool, accounting, log and statedump, on this library's pools. */
#ifndef MEMPOOL_GLUSTERFS_H
#define MEMPOOL_GLUSTERFS_H

#include <mempool/account.h>

#include <stdarg.h>
#include <stdlib.h>

#if defined(__cplusplus) && defined(__GNUC__)
/* A struct and a function share a name, as stat and stat() do: no constructor is hidden. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#endif
#ifdef __cplusplus
extern "C" {
#endif

/*
 * THEORY
 *
 * Code written for GlusterFS 3.3's mem-pool.h, and what it needs of xlator.h, logging.h, list.h
 * and statedump.h, compiles against this header and links with libmempool. Names, counters, log
 * lines and dump are the classic's; what was a defect there is none here. Each difference and its
 * reason: docs/migrating-from-glusterfs.md.
 *
 * The library exports none of the classic's names: they are macros here for functions named
 * mempool_gf_..., so that a process may hold the real libglusterfs too.
 *
 * A *translator* (xlator_t) owns memory: it is a component (mempool/account.h), made at its first
 * allocation or by xlator_mem_acct_init. THIS is the calling thread's; what is allocated is charged
 * to it. A pool (struct mem_pool) has `count` slots, beyond which its objects come one by one from
 * malloc. A *context* (glusterfs_ctx_t) lists the pools of its translators.
 *
 * Threads: any function from any thread. Signals: none of these in handlers.
 */

/* ---- lists: what is in GlusterFS's list.h ---------------------------------------------------- */

/* Left out where that was included before, or MEMPOOL_GLUSTERFS_NO_LIST defined. */

#if !defined(_LLIST_H) && !defined(MEMPOOL_GLUSTERFS_NO_LIST)
struct list_head {
    struct list_head *next, *prev;
};

#define INIT_LIST_HEAD(head) ((head)->next = (head)->prev = (head))

static inline void list_add(struct list_head *added, struct list_head *head) {
    added->next = head->next;
    added->prev = head;
    head->next->prev = added;
    head->next = added;
}
static inline void list_add_tail(struct list_head *added, struct list_head *head) {
    list_add(added, head->prev);
}
static inline void list_del(struct list_head *gone) {
    gone->prev->next = gone->next;
    gone->next->prev = gone->prev;
}
static inline void list_del_init(struct list_head *gone) {
    list_del(gone);
    INIT_LIST_HEAD(gone);
}
static inline int list_empty(const struct list_head *head) {
    return head->next == head;
}

#define list_entry(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))
#define list_for_each(at, head) for ((at) = (head)->next; (at) != (head); (at) = (at)->next)
#define list_for_each_entry(at, head, member)                                                      \
    for ((at) = list_entry((head)->next, __typeof__(*(at)), member); &(at)->member != (head);      \
         (at) = list_entry((at)->member.next, __typeof__(*(at)), member))
/* `at` may be taken out, or freed. */
#define list_for_each_entry_safe(at, after, head, member)                                          \
    for ((at) = list_entry((head)->next, __typeof__(*(at)), member),                               \
        (after) = list_entry((at)->member.next, __typeof__(*(at)), member);                        \
         &(at)->member != (head);                                                                  \
         (at) = (after), (after) = list_entry((after)->member.next, __typeof__(*(after)), member))
#endif

/* ---- log --------------------------------------------------------------------------------- */

typedef enum {
    GF_LOG_NONE,
    GF_LOG_EMERG,
    GF_LOG_ALERT,
    GF_LOG_CRITICAL,
    GF_LOG_ERROR,
    GF_LOG_WARNING,
    GF_LOG_NOTICE,
    GF_LOG_INFO,
    GF_LOG_DEBUG,
    GF_LOG_TRACE
} gf_loglevel_t;

/* One message, as a program's own logger gets it. */
struct mempool_gf_log_message {
    size_t struct_size; /* bytes that the library filled */
    gf_loglevel_t level;
    const char *domain;
    const char *file, *function; /* the file without its folders */
    int line;
    const char *callers; /* "(-->third (-->second (-->first)))", or "" */
    const char *text;    /* up to 4095 bytes; a report of misuse has several lines */
    const char *whole;   /* what would have been written to stderr, ended by \n */
};
typedef void (*mempool_gf_logger)(const struct mempool_gf_log_message *message, void *arg);

/** mempool_gf_log_set: the function that messages go to from now on, in place of stderr (NULL:
 *  stderr again). It is called on the thread whose message it is, which holds no lock of the
 *  library: it may use any pool. Not for messages below the level.           Since: 0.1 */
void mempool_gf_log_set(mempool_gf_logger logger, void *arg);

/** mempool_gf_log_level_set: what is logged: this level and more urgent ones. At first GF_LOG_INFO.
 *                                                                            Since: 0.1 */
void mempool_gf_log_level_set(gf_loglevel_t level);

/** mempool_gf_log_level: the level in use.                                   Since: 0.1 */
gf_loglevel_t mempool_gf_log_level(void);

/** mempool_gf_log: one message, `[time] L [file:line:function] 0-domain: text`, the time being UTC.
 *  Shape:   0, also where the level is not logged; -1 where a text is NULL, which is not logged.
 *           errno is preserved.                                              Since: 0.1 */
int mempool_gf_log(const char *domain, const char *file, const char *function, int line,
                   gf_loglevel_t level, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 6, 7)))
#endif
    ;
/** mempool_gf_log_callingfn: the same, with up to three functions that led to the calling one, the
 *  nearest last: `[time] L [file:line:function] (-->a (-->b (-->c))) 0-domain: text`.
 *                                                                            Since: 0.1 */
int mempool_gf_log_callingfn(const char *domain, const char *file, const char *function, int line,
                             gf_loglevel_t level, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 6, 7)))
#endif
    ;

/* Arguments are not evaluated where the level is not logged. */
#define gf_log(domain, level, ...)                                                                 \
    do {                                                                                           \
        if ((level) <= mempool_gf_log_level())                                                     \
            mempool_gf_log(domain, __FILE__, __func__, __LINE__, level, __VA_ARGS__);              \
    } while (0)
#define gf_log_callingfn(domain, level, ...)                                                       \
    do {                                                                                           \
        if ((level) <= mempool_gf_log_level())                                                     \
            mempool_gf_log_callingfn(domain, __FILE__, __func__, __LINE__, level, __VA_ARGS__);    \
    } while (0)
#define gf_log_set_loglevel mempool_gf_log_level_set
#define gf_log_get_loglevel mempool_gf_log_level

/* ---- contexts and translators -------------------------------------------------------------- */

typedef struct {
    char *brick_name; /* the statedump's file is named after it; NULL: "glusterdump" */
} cmd_args_t;

/* Zero-filled it is ready for use. */
typedef struct _glusterfs_ctx {
    cmd_args_t cmd_args;
    size_t page_size;
    int graph_id;
    struct list_head mempool_list;       /* of struct mem_pool by `global_list`, newest first */
    char *statedump_path;                /* folder of statedumps; NULL: /var/run/gluster */
    int mem_accounting, mem_acct_enable; /* read by nobody: accounting is always on */
} glusterfs_ctx_t;

/* What a translator has allocated is in the books of its component: mempool_accounts. */
struct mem_acct {
    uint32_t num_types;                  /* as xlator_mem_acct_init was told */
    struct mempool_component *component; /* NULL until it is first needed */
};

/* Zero-filled but for name, type and ctx it is ready for use. */
typedef struct _xlator xlator_t;
struct _xlator {
    char *name; /* "patchy-dht" */
    char *type; /* "cluster/distribute" */
    xlator_t *next, *prev;
    glusterfs_ctx_t *ctx; /* NULL: its pools are in no list and in no statedump */
    char init_succeeded;
#ifdef __cplusplus
    void *private_data; /* a keyword otherwise */
#else
    void *private;
#endif
    struct mem_acct mem_acct;
    struct mem_pool *local_pool;
};

/** mempool_gf_ctx_get: the process's context, which THIS has at first.       Since: 0.1 */
glusterfs_ctx_t *mempool_gf_ctx_get(void);
#define glusterfs_ctx_get mempool_gf_ctx_get

/** mempool_gf_this_location: where the calling thread's translator is kept; what THIS is made of.
 *  Shape:   never NULL, nor is what it points to: at first the translator of the process, named
 *           "glusterfs", of type "global".                                   Since: 0.1 */
xlator_t **mempool_gf_this_location(void);
/* To read, and to assign to. What was assigned is charged with what this thread allocates by the
 * names of this header, and from the next such allocation on with what it allocates by others. */
#define THIS (*mempool_gf_this_location())

/** mempool_gf_enter: assign to THIS, at once for all allocations (NULL: the process's); returns
 *  what it was.                                                              Since: 0.1 */
xlator_t *mempool_gf_enter(xlator_t *translator);

/** mempool_gf_xlator_end: the translator is unloaded, its object may be freed. What it holds stays
 *  valid, and in the statedump. Returns how many of its blocks are live, as mempool_component_end
 *  does.                                                                     Since: 0.1 */
size_t mempool_gf_xlator_end(xlator_t *translator);

/** mempool_gf_xlator_mem_acct_init: make a translator's component, if it has none; `n_types` is
 *  kept in `num_types` (0: gf_common_mt_end), and limits nothing. 0; -1: NULL, or no memory.
 *                                                                            Since: 0.1 */
int mempool_gf_xlator_mem_acct_init(xlator_t *translator, int n_types);
#define xlator_mem_acct_init mempool_gf_xlator_mem_acct_init

/** mempool_gf_mem_acct_enable_set: set the flag that mempool_gf_mem_acct_is_enabled reads. Nothing
 *  else depends on it.                                                       Since: 0.1 */
void mempool_gf_mem_acct_enable_set(void);
/* With the context, or without. */
#define gf_mem_acct_enable_set(...) mempool_gf_mem_acct_enable_set()
/** mempool_gf_mem_acct_is_enabled: 1 once the flag was set, else 0; accounting is always on.
 *                                                                            Since: 0.1 */
int mempool_gf_mem_acct_is_enabled(void);
#define gf_mem_acct_is_enabled mempool_gf_mem_acct_is_enabled

/* ---- types ------------------------------------------------------------------------------- */

/* As of release 3.3.2. Programs' own go on from gf_common_mt_end + 1. What counts is the text. */
/* clang-format off */
enum gf_common_mem_types_ {
    gf_common_mt_call_stub_t, gf_common_mt_dnscache6, gf_common_mt_data_pair_t,
    gf_common_mt_data_t, gf_common_mt_dict_t, gf_common_mt_event_pool, gf_common_mt_reg,
    gf_common_mt_pollfd, gf_common_mt_epoll_event, gf_common_mt_fdentry_t,
    gf_common_mt_fdtable_t, gf_common_mt_fd_t, gf_common_mt_fd_ctx, gf_common_mt_gf_dirent_t,
    gf_common_mt_glusterfs_ctx_t, gf_common_mt_dentry_t, gf_common_mt_inode_t,
    gf_common_mt_inode_ctx, gf_common_mt_list_head, gf_common_mt_inode_table_t,
    gf_common_mt_xlator_t, gf_common_mt_xlator_list_t, gf_common_mt_log_msg,
    gf_common_mt_client_log, gf_common_mt_volume_opt_list_t, gf_common_mt_gf_hdr_common_t,
    gf_common_mt_call_frame_t, gf_common_mt_call_stack_t, gf_common_mt_gf_timer_t,
    gf_common_mt_gf_timer_registry_t, gf_common_mt_transport, gf_common_mt_transport_msg,
    gf_common_mt_auth_handle_t, gf_common_mt_iobuf, gf_common_mt_iobuf_arena,
    gf_common_mt_iobref, gf_common_mt_iobuf_pool, gf_common_mt_iovec, gf_common_mt_memdup,
    gf_common_mt_asprintf, gf_common_mt_strdup, gf_common_mt_socket_private_t,
    gf_common_mt_ioq, gf_common_mt_transport_t, gf_common_mt_socket_local_t, gf_common_mt_char,
    gf_common_mt_rbthash_table_t, gf_common_mt_rbthash_bucket, gf_common_mt_mem_pool,
    gf_common_mt_long, gf_common_mt_rpcsvc_auth_list, gf_common_mt_rpcsvc_t,
    gf_common_mt_rpcsvc_conn_t, gf_common_mt_rpcsvc_program_t, gf_common_mt_rpcsvc_listener_t,
    gf_common_mt_rpcsvc_wrapper_t, gf_common_mt_rpcsvc_stage_t, gf_common_mt_rpcclnt_t,
    gf_common_mt_rpcclnt_savedframe_t, gf_common_mt_rpc_trans_t,
    gf_common_mt_rpc_trans_pollin_t, gf_common_mt_rpc_trans_handover_t,
    gf_common_mt_rpc_trans_reqinfo_t, gf_common_mt_rpc_trans_rsp_t,
    gf_common_mt_glusterfs_graph_t, gf_common_mt_rdma_private_t, gf_common_mt_rdma_ioq_t,
    gf_common_mt_rpc_transport_t, gf_common_mt_rdma_local_t, gf_common_mt_rdma_post_t,
    gf_common_mt_qpent, gf_common_mt_rdma_device_t, gf_common_mt_rdma_context_t,
    gf_common_mt_sge, gf_common_mt_rpcclnt_cb_program_t, gf_common_mt_libxl_marker_local,
    gf_common_mt_graph_buf, gf_common_mt_trie_trie, gf_common_mt_trie_data,
    gf_common_mt_trie_node, gf_common_mt_trie_buf, gf_common_mt_trie_end,
    gf_common_mt_run_argv, gf_common_mt_run_logbuf, gf_common_mt_fd_lk_ctx_t,
    gf_common_mt_fd_lk_ctx_node_t, gf_common_mt_buffer_t, gf_common_mt_circular_buffer_t,
    gf_common_mt_eh_t, gf_common_mt_end
};
/* clang-format on */

/* ---- pools --------------------------------------------------------------------------------- */

/* What the counters say is of the moment of the last mempool_gf_pool_refresh or statedump; those
 * that are int stop at INT_MAX. */
struct mem_pool {
    struct list_head list; /* the library's own */
    int hot_count;         /* of the pool's slots: live */
    int cold_count;        /* and free */
    unsigned long padded_sizeof_type;
    struct mempool *pool; /* for the functions of mempool/mempool.h */
    int real_sizeof_type;
    uint64_t alloc_count;         /* gets */
    uint64_t pool_misses;         /* gets that found no slot */
    int max_alloc;                /* the largest hot_count */
    int curr_stdalloc;            /* live objects from malloc */
    int max_stdalloc;             /* the most of them */
    char *name;                   /* "translator:type" */
    struct list_head global_list; /* in its context's mempool_list */
};

/** mempool_gf_pool_new: make a pool of `count` objects; what mem_pool_new calls. `align` 0:
 *  max_align_t's. It belongs to THIS, after which it is named, and is first in its context's list.
 *  Errors:  NULL, logged as ERROR `invalid argument`: a size or count of 0, or more than
 *           mempool_create takes; errno EINVAL. NULL with ENOMEM.            Since: 0.1 */
struct mem_pool *mempool_gf_pool_new(size_t object_bytes, size_t align, size_t count,
                                     const char *name);
#define mem_pool_new(type, count)                                                                  \
    mempool_gf_pool_new(sizeof(type), MEMPOOL_ALIGNOF(type), (count), #type)
#define mem_pool_new_fn(object_bytes, count, name)                                                 \
    mempool_gf_pool_new((object_bytes), 0, (count), (name))

/** mempool_gf_mem_get: take one object. A slot's first use is zero, later ones are as the last put
 *  left them, or zero; what comes from malloc is zero. Aligned as the type.
 *  Errors:  NULL with EINVAL: pool NULL, logged as ERROR `invalid argument`. NULL with ENOMEM,
 *           logged as ALERT.
 *  Cost:    as mempool_get. An object from malloc is logged as DEBUG.        Since: 0.1 */
void *mempool_gf_mem_get(struct mem_pool *pool);
#define mem_get mempool_gf_mem_get

/** mempool_gf_mem_get0: the same, with sizeof(type) bytes zeroed.            Since: 0.1 */
void *mempool_gf_mem_get0(struct mem_pool *pool);
#define mem_get0 mempool_gf_mem_get0

/** mempool_gf_mem_put: give one object back, of whatever pool; errno is preserved.
 *  Errors:  NULL is logged as ERROR `invalid argument`.
 *  Misuse:  as mempool_put, see mempool/misuse.h. Reports go to the log, as CRITICAL, unless the
 *           program has chosen a sink or a callback. Of a second put the message begins `mem_put
 *           called on freed ptr`, and is logged in any case. A pointer into an object aborts.
 *  Cost:    as mempool_put.                                                  Since: 0.1 */
void mempool_gf_mem_put(void *object);
#define mem_put mempool_gf_mem_put

/** mempool_gf_mem_pool_destroy: end a pool; NULL is ignored. Logs `size= max= total=` as INFO, of
 *  domain THIS->name. Live objects are reported (as WARNING), stay valid, and may be put later.
 *  Misuse:  what is no pool is reported, and nothing done.                   Since: 0.1 */
void mempool_gf_mem_pool_destroy(struct mem_pool *pool);
#define mem_pool_destroy mempool_gf_mem_pool_destroy

/** mempool_gf_pool_refresh: bring the counters in a pool's struct up to date; NULL: in all of them.
 *  Threads: any; who reads them meanwhile may see some of before.            Since: 0.1 */
void mempool_gf_pool_refresh(struct mem_pool *pool_or_null);

/** mempool_gf_mem_pools_init: counted, and nothing else: the library makes itself ready at its
 *  first use.                                                                Since: 0.1 */
void mempool_gf_mem_pools_init(void);
#define mem_pools_init mempool_gf_mem_pools_init
/** mempool_gf_mem_pools_fini: undo one init; not below 0.                    Since: 0.1 */
void mempool_gf_mem_pools_fini(void);
#define mem_pools_fini mempool_gf_mem_pools_fini
/** mempool_gf_mem_pools_users: inits less finis.                             Since: 0.1 */
unsigned mempool_gf_mem_pools_users(void);

/* ---- accounted memory ---------------------------------------------------------------------- */

/** mempool_gf_malloc: a block charged to THIS and a type; errors as mempool_malloc_typed's, and
 *  logged as ALERT `no memory available for size (N)`.                       Since: 0.1 */
void *mempool_gf_malloc(size_t bytes, struct mempool_type *type);
/** mempool_gf_calloc: n x bytes, zeroed.                                     Since: 0.1 */
void *mempool_gf_calloc(size_t n, size_t bytes, struct mempool_type *type);
/** mempool_gf_realloc: as mempool_realloc; NULL: a new block of type "untyped".  Since: 0.1 */
void *mempool_gf_realloc(void *block, size_t bytes);
/** mempool_gf_free: as mempool_free; misuse is logged as by mempool_gf_mem_put.  Since: 0.1 */
void mempool_gf_free(void *block);
/** mempool_gf_strndup: a copy of at most n bytes of a text; NULL for NULL.   Since: 0.1 */
char *mempool_gf_strndup(const char *text, size_t n, struct mempool_type *type);
/** mempool_gf_memdup: a copy of n bytes; NULL for NULL.                      Since: 0.1 */
void *mempool_gf_memdup(const void *bytes, size_t n, struct mempool_type *type);
/** mempool_gf_vasprintf: *ret is a new block with the text; its length, or -1: a NULL, or as
 *  mempool_vasprintf_typed.                                                  Since: 0.1 */
int mempool_gf_vasprintf(char **ret, const char *format, va_list list)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 0)))
#endif
    ;
/** mempool_gf_asprintf: likewise.                                            Since: 0.1 */
int mempool_gf_asprintf(char **ret, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

/* The type is its text, looked up once at each place; its value is not evaluated. */
#define GF_MALLOC(bytes, type) mempool_gf_malloc((bytes), ((void)sizeof(type), MEMPOOL_TYPE(#type)))
#define GF_CALLOC(n, bytes, type)                                                                  \
    mempool_gf_calloc((n), (bytes), ((void)sizeof(type), MEMPOOL_TYPE(#type)))
#define GF_REALLOC(block, bytes) mempool_gf_realloc((block), (bytes))
#define GF_FREE(block) mempool_gf_free(block)
#define gf_strdup(text) gf_strndup((text), SIZE_MAX)
#define gf_strndup(text, n) mempool_gf_strndup((text), (n), MEMPOOL_TYPE("gf_common_mt_strdup"))
#define gf_memdup(bytes, n) mempool_gf_memdup((bytes), (n), MEMPOOL_TYPE("gf_common_mt_memdup"))
#define gf_asprintf mempool_gf_asprintf
#define gf_vasprintf mempool_gf_vasprintf

/* libc's own, as in the classic: not accounted; want of memory is logged. */
static inline void *gf_libc_logged(void *block, size_t bytes) {
    if (block == NULL) {
        gf_log_callingfn("", GF_LOG_ALERT, "no memory available for size (%zu)", bytes);
    }
    return block;
}
static inline void *gf_libc_malloc(size_t bytes) {
    return gf_libc_logged(malloc(bytes), bytes);
}
static inline void *gf_libc_calloc(size_t n, size_t bytes) {
    return gf_libc_logged(calloc(n, bytes), n * bytes);
}
static inline void *gf_libc_realloc(void *block, size_t bytes) {
    return gf_libc_logged(realloc(block, bytes), bytes);
}
#define MALLOC(bytes) gf_libc_malloc(bytes)
#define CALLOC(n, bytes) gf_libc_calloc((n), (bytes))
#define REALLOC(block, bytes) gf_libc_realloc((block), (bytes))
#define FREE(block)                                                                                \
    do {                                                                                           \
        if ((block) != NULL) {                                                                     \
            free((void *)(block));                                                                 \
            (block) = (void *)(uintptr_t)0xeeeeeeee;                                               \
        }                                                                                          \
    } while (0)

/* ---- statedump ----------------------------------------------------------------------------- */

/** mempool_gf_dump_info: write the statedump FOLDER/NAME.PID.dump of THIS's context, or of the
 *  process's: what each translator has in use by type, its pools, and libc's malloc. It is written
 *  under another name, and renamed when it is whole. An options file may leave parts out:
 *  docs/migrating-from-glusterfs.md. A failure is logged as WARNING. `signum` is ignored.
 *  Threads: any; not in a signal handler: from a thread in sigwait(3), as GlusterFS does.
 *                                                                            Since: 0.1 */
void mempool_gf_dump_info(int signum);

/** mempool_gf_dump_mempool_info: bring the counters of a context's pools up to date.  Since: 0.1 */
void mempool_gf_dump_mempool_info(glusterfs_ctx_t *ctx);

/** mempool_gf_dump: write the same, without options, to a descriptor (ctx NULL: the process's).
 *  0, or the errno of write(2), negative; -ENOMEM.                           Since: 0.1 */
int mempool_gf_dump(glusterfs_ctx_t *ctx, int fd);

/** mempool_gf_run_directory_set: where options files are, and statedumps of contexts without
 *  statedump_path, from now on. NULL: /var/run/gluster, as at first. 0; -EINVAL: the path has more
 *  than 1023 bytes.                                                          Since: 0.1 */
int mempool_gf_run_directory_set(const char *path);

#define gf_proc_dump_init() ((void)0)
#define gf_proc_dump_fini() ((void)0)
#define gf_proc_dump_info mempool_gf_dump_info
#define gf_proc_dump_mempool_info mempool_gf_dump_mempool_info

#ifdef __cplusplus
}
#endif
#if defined(__cplusplus) && defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
#endif
