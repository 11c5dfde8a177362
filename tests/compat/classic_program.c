/* SPDX-License-Identifier: MIT */
/* A translator as they were written in the days of release 3.3, with what drives it. But for this
 * one include it knows nothing of this library. program_test.py runs it and reads what it writes.
 *
 * usage: classic_program STATEDUMP-FOLDER */
#include <mempool/glusterfs.h>

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* rot-mem-types.h */
enum gf_rot_mem_types_ {
    gf_rot_mt_rot_private_t = gf_common_mt_end + 1,
    gf_rot_mt_rot_fd_t,
    gf_rot_mt_char,
    gf_rot_mt_end
};

/* rot.h */
typedef struct {
    struct mem_pool *local_pool;
    struct mem_pool *fd_pool;
    struct list_head fds;
    char *prefix;
    int n_fds;
} rot_private_t;

typedef struct {
    struct list_head list;
    char *path;
    int number;
} rot_fd_t;

typedef struct {
    int32_t op_ret;
    char buf[52];
} rot_local_t;

/* rot.c */
int32_t mem_acct_init(xlator_t *this) {
    int ret = -1;

    if (!this)
        return ret;

    ret = xlator_mem_acct_init(this, gf_rot_mt_end + 1);
    if (ret != 0) {
        gf_log(this->name, GF_LOG_ERROR, "Memory accounting init failed");
        return ret;
    }
    return ret;
}

int32_t init(xlator_t *this) {
    rot_private_t *priv = NULL;

    priv = GF_CALLOC(1, sizeof(*priv), gf_rot_mt_rot_private_t);
    if (!priv)
        goto err;
    INIT_LIST_HEAD(&priv->fds);
    priv->prefix = gf_strdup("/rot13");
    priv->local_pool = mem_pool_new(rot_local_t, 4);
    priv->fd_pool = mem_pool_new(rot_fd_t, 2);
    if (!priv->prefix || !priv->local_pool || !priv->fd_pool)
        goto err;
    this->private = priv;
    gf_log(this->name, GF_LOG_DEBUG, "not to be seen at level INFO");
    return 0;
err:
    GF_FREE(priv);
    return -1;
}

rot_fd_t *rot_open(xlator_t *this, const char *name) {
    rot_private_t *priv = this->private;
    rot_fd_t *fd = mem_get0(priv->fd_pool);

    if (!fd)
        return NULL;
    if (gf_asprintf(&fd->path, "%s/%s", priv->prefix, name) < 0) {
        mem_put(fd);
        return NULL;
    }
    fd->number = priv->n_fds++;
    list_add_tail(&fd->list, &priv->fds);
    return fd;
}

void rot_release(xlator_t *this, rot_fd_t *fd) {
    (void)this;
    list_del_init(&fd->list);
    GF_FREE(fd->path);
    mem_put(fd);
}

int32_t rot_read(xlator_t *this, rot_fd_t *fd, const char *data) {
    rot_private_t *priv = this->private;
    rot_local_t *local = mem_get0(priv->local_pool);
    char *copy = GF_MALLOC(strlen(data) + 1, gf_rot_mt_char);
    size_t i = 0;

    (void)fd;
    if (!local || !copy)
        return -1;
    strcpy(copy, data);
    copy = GF_REALLOC(copy, 3 * (strlen(data) + 1));
    for (i = 0; copy[i]; i++)
        if (copy[i] >= 'a' && copy[i] <= 'z')
            copy[i] = 'a' + (copy[i] - 'a' + 13) % 26;
    strncpy(local->buf, copy, sizeof(local->buf) - 1);
    printf("read %s\n", local->buf);
    local->op_ret = (int32_t)i;
    i = (size_t)local->op_ret;
    GF_FREE(copy);
    mem_put(local);
    return (int32_t)i;
}

void fini(xlator_t *this) {
    rot_private_t *priv = this->private;
    rot_fd_t *fd = NULL, *tmp = NULL;

    list_for_each_entry_safe(fd, tmp, &priv->fds, list) {
        rot_release(this, fd);
    }
    mem_pool_destroy(priv->fd_pool);
    mem_pool_destroy(priv->local_pool);
    GF_FREE(priv->prefix);
    GF_FREE(priv);
    this->private = NULL;
}

/* what drives it: glusterfsd.c */
static xlator_t rot = {.name = "patchy-rot", .type = "encryption/rot-13"};

#define STACK_WIND_TO(xl, call)                                                                    \
    do {                                                                                           \
        xlator_t *old_THIS = THIS;                                                                 \
        THIS = xl;                                                                                 \
        call;                                                                                      \
        THIS = old_THIS;                                                                           \
    } while (0)

static void print_pools(glusterfs_ctx_t *ctx) {
    struct mem_pool *pool = NULL;

    gf_proc_dump_mempool_info(ctx);
    list_for_each_entry(pool, &ctx->mempool_list, global_list) {
        printf("%s hot=%d cold=%d size=%d allocs=%" PRIu64 " misses=%" PRIu64
               " max=%d std=%d maxstd=%d\n",
               pool->name, pool->hot_count, pool->cold_count, pool->real_sizeof_type,
               pool->alloc_count, pool->pool_misses, pool->max_alloc, pool->curr_stdalloc,
               pool->max_stdalloc);
    }
}

int main(int argc, char **argv) {
    glusterfs_ctx_t *ctx = glusterfs_ctx_get();
    rot_fd_t *fds[3] = {NULL};
    rot_fd_t *stale = NULL;
    int ret = -1;

    if (argc != 2 || !ctx)
        return 1;
    mem_pools_init();
    gf_proc_dump_init();
    ctx->statedump_path = argv[1];
    rot.ctx = ctx;
    gf_mem_acct_enable_set();

    STACK_WIND_TO(&rot, ret = mem_acct_init(THIS) || init(THIS));
    if (ret)
        return 1;
    STACK_WIND_TO(&rot, {
        fds[0] = rot_open(THIS, "one");
        fds[1] = rot_open(THIS, "two");
        fds[2] = rot_open(THIS, "three");
        ret = rot_read(THIS, fds[2], "uryyb");
    });
    printf("read returned %d, fd is %d %s\n", ret, fds[2]->number, fds[2]->path);
    print_pools(ctx);
    STACK_WIND_TO(&rot, rot_release(THIS, fds[1]));
    gf_proc_dump_info(SIGUSR1);
    print_pools(ctx);

    stale = fds[1]; /* this translator has a bug */
    mem_put(stale);
    print_pools(ctx);
    gf_log_callingfn("rot", GF_LOG_WARNING, "ends with %d", 3);

    STACK_WIND_TO(&rot, fini(THIS));
    print_pools(ctx);
    gf_proc_dump_fini();
    mem_pools_fini();
    return 0;
}
