/* SPDX-License-Identifier: MIT */
/* All at once: pools that come and go in several threads, each with translators of its own and one
 * that they share, while others dump, refresh, log and fork. What each thread counts must be what
 * the books say in the end. */
#include "accounts.h"
#include "check.h"
#include "scale.h"

#include <mempool/glusterfs.h>
#include <mempool/misuse.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 3, KEPT = 50 };

static char shared_name[] = "shared", own_names[WORKERS][8], type[] = "test/together";
static xlator_t shared, owns[WORKERS];
static struct mem_pool *shared_pool;
static _Atomic int n_working;
static unsigned rounds;

static void use_pool(struct mem_pool *pool) {
    void *objects[8];
    for (int i = 0; i < 8; i++) {
        objects[i] = mem_get0(pool);
        CHECK(objects[i] != NULL);
    }
    for (int i = 0; i < 8; i++) {
        mem_put(objects[i]);
    }
}

static void *work(void *arg) {
    xlator_t *own = arg;
    for (unsigned i = 0; i < rounds; i++) {
        THIS = own;
        struct mem_pool *pool = mem_pool_new(long, 4);
        CHECK(pool != NULL);
        use_pool(pool);
        use_pool(shared_pool);
        void *block = GF_MALLOC(i % 500, gf_common_mt_char);
        THIS = &shared;
        void *kept = i < KEPT ? GF_CALLOC(1, 10, gf_common_mt_long) : NULL;
        GF_FREE(block);
        mem_pool_destroy(pool);
        CHECK(i >= KEPT || kept != NULL); /* the last KEPT stay, for the sums */
    }
    (void)atomic_fetch_sub(&n_working, 1);
    return NULL;
}

/* In the child everything goes on. */
static void check_fork(void) {
    int status;
    pid_t child = fork();
    if (child == 0) {
        alarm(60);
        THIS = &shared;
        struct mem_pool *pool = mem_pool_new(int, 2);
        use_pool(pool);
        mem_pool_destroy(pool);
        _exit(pool == NULL);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static void *watch(void *arg) {
    int fd = open("/dev/null", O_WRONLY);
    (void)arg;
    THIS = &shared; /* of the process's context, as all are */
    while (atomic_load(&n_working) > 0) {
        CHECK_EQUAL(mempool_gf_dump(NULL, fd), 0);
        mempool_gf_pool_refresh(NULL);
        check_fork();
    }
    close(fd);
    return NULL;
}

int main(void) {
    pthread_t workers[WORKERS], watcher;
    rounds = KEPT + (unsigned)test_scaled(2000);
    n_working = WORKERS;
    gf_log_set_loglevel(GF_LOG_WARNING);
    shared = (xlator_t){.name = shared_name, .type = type, .ctx = glusterfs_ctx_get()};
    shared_pool = mem_pool_new(long, 10);
    CHECK(shared_pool != NULL);
    CHECK(pthread_create(&watcher, NULL, watch, NULL) == 0);
    for (int i = 0; i < WORKERS; i++) {
        snprintf(own_names[i], sizeof own_names[i], "own-%d", i);
        owns[i] = (xlator_t){.name = own_names[i], .type = type, .ctx = glusterfs_ctx_get()};
        CHECK(pthread_create(&workers[i], NULL, work, &owns[i]) == 0);
    }
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(workers[i], NULL);
    }
    pthread_join(watcher, NULL);
    mempool_gf_pool_refresh(shared_pool);
    CHECK_EQUAL(shared_pool->hot_count, 0);
    CHECK_EQUAL(shared_pool->cold_count, 10);
    CHECK_EQUAL(shared_pool->curr_stdalloc, 0);
    CHECK_EQUAL(shared_pool->alloc_count, 8ull * WORKERS * rounds);
    CHECK(shared_pool->global_list.next == &glusterfs_ctx_get()->mempool_list);
    CHECK_EQUAL(account_of(shared.mem_acct.component, "gf_common_mt_long").live_blocks,
                WORKERS * KEPT);
    for (int i = 0; i < WORKERS; i++) {
        struct mempool_component_stats stats = component_stats(owns[i].mem_acct.component);
        CHECK_EQUAL(stats.live_blocks, 0);
        CHECK_EQUAL(stats.generation, 1);
    }
    mem_pool_destroy(shared_pool);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 0);
    return 0;
}
