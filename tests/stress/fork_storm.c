/* SPDX-License-Identifier: MIT */
/* Forks at every moment of other threads' gets, puts, creates, destroys, trims and exits: no child
 * hangs, each can use every pool, and the parent's books stay exact. */
#include "caches.h"
#include "check.h"
#include "pools.h"
#include "rng.h"
#include "scale.h"
#include "stamp.h"
#include "threads.h"

#include <mempool/misuse.h>

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>

enum { N_POOLS = 5, LIMITED = 1, LIMIT = 40, HELD_MAX = 50 };
enum { CHILD_SECONDS = 20, FORKING_SECONDS = 90 };

static struct mempool *pools[N_POOLS];
static atomic_bool is_over;
static int null_fd;

static bool goes_on(void) {
    return !atomic_load_explicit(&is_over, memory_order_acquire);
}

static void *get_and_put(void *argument) {
    struct rng rng = {(uintptr_t)argument};
    void *held[HELD_MAX];
    size_t n_held = 0;
    while (goes_on() || n_held > 0) {
        if (n_held < HELD_MAX && goes_on() && rng_chance(&rng, 50)) {
            size_t pool_idx = rng_below(&rng, N_POOLS);
            void *object = mempool_get(pools[pool_idx]);
            CHECK(object != NULL || pool_idx == LIMITED);
            if (object != NULL) {
                stamp_set(object, pool_idx);
                held[n_held++] = object;
            }
        } else if (n_held > 0) {
            stamp_take(held[--n_held]);
            mempool_put(held[n_held]);
        }
    }
    return NULL;
}

static void *use_once(void *unused) {
    mempool_put(mempool_get(pools[0]));
    return unused;
}

/* A pool comes and goes; a thread comes and goes; memory goes back. */
static void *come_and_go(void *unused) {
    for (size_t i = 0; goes_on(); i++) {
        struct mempool *pool = pool_of_options(
            &NAMED_POOL_OPTIONS("passing", .object_bytes = 100, .count = i % 3));
        mempool_put(mempool_get(pool));
        CHECK_EQUAL(mempool_destroy(pool), 0);
        mempool_thread_flush();
        if (i % 4 == 0) {
            mempool_trim(NULL);
        }
        if (i % 8 == 0) {
            thread_run(use_once, NULL);
        }
    }
    return unused;
}

/* Everything that a child may want to do with the pools it inherited. */
static void use_in_child(void *inherited, size_t inherited_pool_idx) {
    void *objects[100];
    for (size_t i = 0; i < N_POOLS; i++) {
        struct mempool_stats stats = pool_stats(pools[i]);
        size_t n = mempool_get_bulk(pools[i], objects, 20);
        /* nothing is stranded with threads that the child lacks */
        CHECK(stats.caches <= caches_of_one_thread());
        CHECK(n == 20 || (i == LIMITED && n == LIMIT - stats.hot));
        for (size_t j = 0; j < n; j++) {
            stamp_set(objects[j], j);
        }
        for (size_t j = 0; j < n; j++) {
            CHECK_EQUAL(stamp_take(objects[j]), j);
        }
        mempool_put_bulk(objects, n);
        CHECK_EQUAL(pool_live(pools[i]), stats.hot + stats.curr_stdalloc);
    }
    CHECK(mempool_of(inherited) == pools[inherited_pool_idx]);
    CHECK_EQUAL(stamp_take(inherited), inherited_pool_idx);
    mempool_put(inherited);
    struct mempool *pool = pool_of(300);
    mempool_put(mempool_get(pool));
    CHECK(mempool_dump(null_fd) == 0);
    mempool_trim(NULL);
    CHECK_EQUAL(mempool_destroy(pool), 0);
}

static void wait_for_child(pid_t child, size_t nth) {
    int status;
    while (waitpid(child, &status, 0) != child) {
        CHECK(errno == EINTR);
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        dprintf(STDERR_FILENO, "child %zu ended with status 0x%x\n", nth, (unsigned)status);
        _exit(1);
    }
}

/* As many as asked for, or as a slow machine can in some time. */
static void fork_often(size_t n_forks) {
    time_t end = time(NULL) + FORKING_SECONDS;
    for (size_t i = 0; i < n_forks && time(NULL) < end; i++) {
        size_t pool_idx = i % N_POOLS == LIMITED ? 0 : i % N_POOLS;
        void *object = mempool_get(pools[pool_idx]);
        CHECK(object != NULL);
        stamp_set(object, pool_idx);
        watchdog_set(3 * CHILD_SECONDS);
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            watchdog_set(CHILD_SECONDS);
            use_in_child(object, pool_idx);
            _exit(0);
        }
        CHECK_EQUAL(stamp_take(object), pool_idx); /* the child's put was its own affair */
        mempool_put(object);
        wait_for_child(child, i);
    }
}

int main(void) {
    size_t n_forks = test_scaled(10000);
    null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    CHECK(null_fd >= 0);
    pools[0] = pool_of(64);
    pools[LIMITED] = pool_of_options(&POOL_OPTIONS(.object_bytes = 128, .limit = LIMIT));
    pools[2] = pool_of_options(&POOL_OPTIONS(.object_bytes = 2000, .count = 30));
    pools[3] = pool_of_options(&POOL_OPTIONS(.object_bytes = 32, .flags = MEMPOOL_UNCACHED));
    enum mempool_on_empty heap = test_malloc_is_whole_after_fork() ? MEMPOOL_HEAP : MEMPOOL_GROW;
    pools[4] = pool_of_options(&POOL_OPTIONS(.object_bytes = 80, .count = 20, .on_empty = heap));
    pthread_t threads[3] = {
        thread_start(get_and_put, (void *)(uintptr_t)1),
        thread_start(get_and_put, (void *)(uintptr_t)2),
        thread_start(come_and_go, NULL),
    };
    fork_often(n_forks);
    watchdog_set(3 * CHILD_SECONDS);
    atomic_store_explicit(&is_over, true, memory_order_release);
    for (size_t i = 0; i < 3; i++) {
        thread_join(threads[i]);
    }
    for (size_t i = 0; i < N_POOLS; i++) {
        CHECK_EQUAL(pool_live(pools[i]), 0);
        CHECK_EQUAL(pool_stats(pools[i]).alloc_count, pool_stats(pools[i]).put_count);
        CHECK_EQUAL(mempool_destroy(pools[i]), 0);
    }
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 0);
    printf("%zu forks\n", n_forks);
    return 0;
}
