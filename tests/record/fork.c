/* SPDX-License-Identifier: MIT */
/* The child of a fork does not record, and its caches work; the parent's stream goes on. */
#include "stream.h"
#include "temporary.h"
#include "threads.h"

#include <mempool/observe.h>

#include <errno.h>
#include <stdatomic.h>
#include <sys/wait.h>

enum { N = 2000, FORKS = 20 };

static struct mempool *pool;
static _Atomic int is_over;

static void *work(void *argument) {
    while (!atomic_load(&is_over)) {
        mempool_put(mempool_get(pool));
        mempool_free(mempool_malloc(100, "work"));
    }
    return argument;
}

static void child(void) {
    struct mempool_stats stats = {.struct_size = sizeof stats};
    CHECK_EQUAL(mempool_record_end(), -ENOENT);
    for (int i = 0; i < N; i++) {
        mempool_put(mempool_get(pool));
    }
    CHECK_EQUAL(mempool_stats(pool, &stats), 0);
    CHECK(stats.cached > 0);
    int fd = open("/dev/null", O_WRONLY);
    CHECK_EQUAL(mempool_record(fd), 0);
    mempool_put(mempool_get(pool));
    CHECK_EQUAL(mempool_record_end(), 0);
    _exit(0);
}

int main(void) {
    struct stream_sums sums;
    int status;
    watchdog_set(120);
    pool = mempool_create_typed(64, 16, "fork", 0);
    int fd = temporary_file();
    CHECK_EQUAL(mempool_record(fd), 0);
    pthread_t others[2] = {thread_start(work, NULL), thread_start(work, NULL)};
    for (int i = 0; i < FORKS; i++) {
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            child();
        }
        CHECK(waitpid(pid, &status, 0) == pid && status == 0);
        mempool_put(mempool_get(pool));
        sleep_ms(1);
    }
    atomic_store(&is_over, 1);
    thread_join(others[0]);
    thread_join(others[1]);
    CHECK_EQUAL(mempool_record_end(), 0);
    close(fd);
    stream_read(temporary_path, &sums);
    CHECK(sums.is_whole && sums.n[STREAM_THREAD] == 3 && sums.n[STREAM_BEGIN] == 1);
    CHECK_EQUAL(sums.unknown + sums.got_twice + sums.lost, 0);
    CHECK_EQUAL(sums.live, 0);
    CHECK(sums.n[STREAM_GET] >= FORKS && sums.n[STREAM_EXIT] == 2);
    return 0;
}
