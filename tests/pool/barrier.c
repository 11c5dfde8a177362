/* SPDX-License-Identifier: MIT */
/* A system without membarrier(2): limited pools are then uncached and exact, other threads' caches
 * cannot be drawn in, and everything still works. */
#include "unit.h"

#include "child.h"
#include "threads.h"

#include "sys/sys.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <semaphore.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { OBJECT_BYTES = 64, N_OBJECTS = 500, LIMIT = 100, N_THREADS = 3, CHILD_SKIPPED = 77 };

/* membarrier is refused with ENOSYS from now on, as by an old kernel. */
static bool forbid_barrier(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof filter / sizeof filter[0], .filter = filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 &&
           syscall(SYS_membarrier, 0, 0, 0) == -1;
}

static struct mempool *pool;
static void *left[N_OBJECTS];
static sem_t filled, go_on;

static void *take_up_to_limit(void *argument) {
    size_t *n = argument;
    void *objects[LIMIT];
    for (int round = 0; round < 200; round++) {
        *n = mempool_get_bulk(pool, objects, LIMIT / N_THREADS);
        CHECK_EQUAL(*n, LIMIT / N_THREADS); /* others cache nothing: there is always enough */
        mempool_put_bulk(objects, *n);
    }
    return NULL;
}

static void check_limited(enum mempool_on_empty on_empty) {
    pool = pool_of_options(&POOL_OPTIONS(.object_bytes = OBJECT_BYTES, .count = 10,
                                         .limit = LIMIT, .on_empty = on_empty));
    pthread_t threads[N_THREADS];
    size_t got[N_THREADS];
    mempool_put(mempool_get(pool));
    CHECK_EQUAL(pool_stats(pool).cached, 0);
    for (size_t i = 0; i < N_THREADS; i++) {
        threads[i] = thread_start(take_up_to_limit, &got[i]);
    }
    for (size_t i = 0; i < N_THREADS; i++) {
        thread_join(threads[i]);
    }
    CHECK_EQUAL(mempool_get_bulk(pool, left, LIMIT + 20), LIMIT);
    CHECK_EQUAL(pool_stats(pool).cached, 0);
    CHECK_EQUAL(pool_live(pool), LIMIT);
    mempool_put_bulk(left, LIMIT);
    CHECK_EQUAL(pool_stats(pool).cached, 0);
    CHECK_EQUAL(pool_live(pool), 0);
    (void)mempool_trim(pool);
    CHECK_EQUAL(mempool_get_bulk(pool, left, LIMIT + 20), LIMIT);
    mempool_put_bulk(left, LIMIT);
    CHECK_EQUAL(mempool_destroy(pool), 0);
}

static void *fill_cache_and_wait(void *argument) {
    void *objects[N_OBJECTS];
    (void)argument;
    CHECK_EQUAL(mempool_get_bulk(pool, objects, N_OBJECTS), N_OBJECTS);
    mempool_put_bulk(objects, N_OBJECTS);
    sem_post(&filled);
    sem_wait(&go_on);
    void *object = mempool_get(pool); /* destroyed meanwhile, or trimmed */
    mempool_put(object);
    return object;
}

/* What another thread caches stays there; it comes in with the thread's end. */
static void check_growing(void) {
    pool = pool_of(OBJECT_BYTES);
    pthread_t thread = thread_start(fill_cache_and_wait, NULL);
    sem_wait(&filled);
    uint64_t cached = pool_stats(pool).cached;
    CHECK(cached > 0);
    (void)mempool_trim(pool);
    CHECK_EQUAL(pool_stats(pool).cached, cached);
    CHECK_EQUAL(mempool_get_bulk(pool, left, N_OBJECTS), N_OBJECTS);
    sem_post(&go_on);
    thread_join(thread);
    mempool_put_bulk(left, N_OBJECTS);
    (void)mempool_trim(pool); /* one's own cache is within reach */
    CHECK_EQUAL(pool_stats(pool).cached, 0);
    CHECK_EQUAL(pool_stats(pool).slabs, 0);
    CHECK_EQUAL(mempool_destroy(pool), 0);
}

/* A pool ends though another thread caches some of its objects: that thread's get is refused. */
static void check_destroyed(void) {
    mempool_misuse_sink_set(-1);
    pool = pool_of(OBJECT_BYTES);
    pthread_t thread = thread_start(fill_cache_and_wait, NULL);
    sem_wait(&filled);
    uint64_t dead_gets = mempool_misuse_count(MEMPOOL_MISUSE_DEAD_POOL_GET);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    /* many new pools: none may take the place that the thread's cache still belongs to */
    for (int i = 0; i < 600; i++) {
        struct mempool *next = pool_of(OBJECT_BYTES);
        CHECK(next != pool);
        CHECK_EQUAL(mempool_destroy(next), 0);
    }
    sem_post(&go_on);
    thread_join(thread);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_DEAD_POOL_GET), dead_gets + 1);
    mempool_misuse_sink_set(STDERR_FILENO);
}

static int use_in_child(void *argument) {
    (void)argument;
    CHECK(mempool_get_bulk(pool, left, N_OBJECTS) == N_OBJECTS);
    mempool_put_bulk(left, N_OBJECTS);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return 0;
}

static void check_fork(void) {
    pool = pool_of(OBJECT_BYTES);
    pthread_t thread = thread_start(fill_cache_and_wait, NULL);
    sem_wait(&filled);
    CHECK_EQUAL(child_status(use_in_child, NULL), 0);
    sem_post(&go_on);
    thread_join(thread);
    CHECK_EQUAL(mempool_destroy(pool), 0);
}

static int without_barrier(void *argument) {
    void (*check)(void) = *(void (**)(void))argument;
    if (!forbid_barrier()) {
        return CHILD_SKIPPED;
    }
    CHECK(!sys_barrier_available() && !sys_barrier_all_threads());
    CHECK(sem_init(&filled, 0, 0) == 0 && sem_init(&go_on, 0, 0) == 0);
    check();
    return 0;
}

static void run_without_barrier(void (*check)(void)) {
    int status = child_status(without_barrier, &check);
    if (status == CHILD_SKIPPED) {
        print_message("system calls cannot be refused here\n");
        skip();
    }
    assert_int_equal(status, 0);
}

static void check_all_limited(void) {
    check_limited(MEMPOOL_GROW);
    check_limited(MEMPOOL_FAIL);
    check_limited(MEMPOOL_HEAP);
}

static void limited_pools_are_exact(void **state) {
    (void)state;
    run_without_barrier(check_all_limited);
}

static void growing_pools_keep_their_caches(void **state) {
    (void)state;
    run_without_barrier(check_growing);
}

static void a_pool_ends_out_of_reach_of_its_caches(void **state) {
    (void)state;
    run_without_barrier(check_destroyed);
}

static void forks_work(void **state) {
    (void)state;
    run_without_barrier(check_fork);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limited_pools_are_exact),
        cmocka_unit_test(growing_pools_keep_their_caches),
        cmocka_unit_test(a_pool_ends_out_of_reach_of_its_caches),
        cmocka_unit_test(forks_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
