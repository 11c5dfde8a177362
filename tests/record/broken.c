/* SPDX-License-Identifier: MIT */
/* Writes that fail end the recording; the program is unharmed, and told why. */
#include "stream.h"
#include "temporary.h"
#include "threads.h"

#include <mempool/observe.h>

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

enum { MANY = 20000 };

static struct mempool *pool;

static void work(void) {
    for (int i = 0; i < MANY; i++) {
        mempool_put(mempool_get(pool));
    }
}

static uint64_t cached(void) {
    struct mempool_stats stats = {.struct_size = sizeof stats};
    CHECK_EQUAL(mempool_stats(pool, &stats), 0);
    return stats.cached;
}

static void check_closed_pipe(void) {
    int ends[2];
    char bytes[256];
    CHECK(pipe(ends) == 0);
    CHECK_EQUAL(mempool_record(ends[1]), 0);
    CHECK(read(ends[0], bytes, sizeof bytes) > 0);
    close(ends[0]);
    work();
    CHECK_EQUAL(mempool_record_end(), -EPIPE);
    CHECK_EQUAL(mempool_record(ends[1]), -EPIPE);
    CHECK_EQUAL(mempool_record_end(), -ENOENT);
    close(ends[1]);
    work();
    CHECK(cached() > 0);
}

static void check_full_disk(void) {
    int fd = open("/dev/full", O_WRONLY);
    if (fd >= 0) {
        CHECK_EQUAL(mempool_record(fd), -ENOSPC);
        close(fd);
    }
}

/* What came before the limit is whole. */
static void check_file_limit(void) {
    struct rlimit before, limit;
    struct stream_sums sums;
    int fd = temporary_file();
    CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0);
    limit = (struct rlimit){.rlim_cur = 200000, .rlim_max = before.rlim_max};
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    CHECK_EQUAL(mempool_record(fd), 0);
    work();
    CHECK_EQUAL(mempool_record_end(), -EFBIG);
    CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
    close(fd);
    stream_read(temporary_path, &sums);
    CHECK(!sums.is_whole && sums.n[STREAM_GET] > 1000 && sums.unknown == 0);
}

/* Nobody calls mempool_record_end: a later get lets the caches work again. */
static void check_by_itself(void) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    CHECK_EQUAL(mempool_record(ends[1]), 0);
    close(ends[0]);
    for (int i = 0; i < 100 && cached() == 0; i++) {
        work();
        sleep_ms(20);
    }
    CHECK(cached() > 0);
    CHECK_EQUAL(mempool_record_end(), -EPIPE);
    CHECK_EQUAL(mempool_record_end(), -ENOENT);
    close(ends[1]);
}

/* One that does not wait is waited for. */
static void *read_slowly(void *argument) {
    static char bytes[4096];
    const int *fd = argument;
    ssize_t n, sum = 0;
    while ((n = read(*fd, bytes, sizeof bytes)) > 0) {
        sum += n;
        if (sum < 100000) {
            sleep_ms(1);
        }
    }
    CHECK(sum > (ssize_t)(2 * MANY * sizeof(struct stream_event)));
    return NULL;
}

static void check_full_pipe(void) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    CHECK(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
    pthread_t reader = thread_start(read_slowly, &ends[0]);
    CHECK_EQUAL(mempool_record(ends[1]), 0);
    work();
    CHECK_EQUAL(mempool_record_end(), 0);
    close(ends[1]);
    thread_join(reader);
    close(ends[0]);
}

int main(void) {
    watchdog_set(120);
    pool = mempool_create_typed(64, 16, "broken", 0);
    CHECK(pool != NULL);
    work();
    check_closed_pipe();
    check_full_disk();
    check_file_limit();
    check_by_itself();
    check_full_pipe();
    return 0;
}
