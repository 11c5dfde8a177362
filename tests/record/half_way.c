/* SPDX-License-Identifier: MIT */
/* Recording begins while threads are half-way in allocations: past their locks, the block not yet
 * tagged. Each must be told, as live or as allocated: else its free is one of something unknown. */
#include "stream.h"
#include "temporary.h"
#include "threads.h"

#include <mempool/account.h>
#include <mempool/observe.h>

#include <stdatomic.h>

enum { THREADS = 3, BEGINNINGS = 60, BLOCK_BYTES = 100 << 10 };

static _Atomic int is_over;

/* Blocks that no slot held before, none by a hit. */
static void *allocate(void *argument) {
    (void)argument;
    while (!atomic_load_explicit(&is_over, memory_order_relaxed)) {
        void *block = mempool_malloc(BLOCK_BYTES, "half-way");
        CHECK(block != NULL);
        mempool_free(block);
    }
    return NULL;
}

/* What a pipe held before the recording goes nowhere, the rest to a file, late: so threads run on
 * while the recording begins, those that are half-way in an allocation. */
struct late {
    int from, to;
    size_t skip;
};

static void *copy_late(void *argument) {
    struct late *late = argument;
    char bytes[4096];
    ssize_t n;
    sleep_ms(2);
    while ((n = read(late->from, bytes, late->skip > 0 ? late->skip : sizeof bytes)) > 0) {
        if (late->skip > 0) {
            late->skip -= (size_t)n;
        } else {
            CHECK_EQUAL(write(late->to, bytes, (size_t)n), n);
        }
    }
    return NULL;
}

static void record_late(void) {
    struct stream_sums sums;
    int ends[2];
    static const char filling[4096];
    CHECK_EQUAL(pipe(ends), 0);
    CHECK_EQUAL(fcntl(ends[1], F_SETPIPE_SZ, sizeof filling), sizeof filling);
    CHECK_EQUAL(write(ends[1], filling, sizeof filling), sizeof filling);
    struct late late = {.from = ends[0], .to = temporary_file(), .skip = sizeof filling};
    pthread_t reader = thread_start(copy_late, &late);
    CHECK_EQUAL(mempool_record(ends[1]), 0);
    sleep_ms(2);
    CHECK_EQUAL(mempool_record_end(), 0);
    close(ends[1]);
    thread_join(reader);
    close(ends[0]);
    close(late.to);
    stream_read(temporary_path, &sums);
    CHECK(sums.is_whole);
    CHECK_EQUAL(sums.unknown, 0);
    unlink(temporary_path);
}

int main(void) {
    watchdog_set(250);
    pthread_t threads[THREADS];
    atomic_store(&is_over, 0);
    for (size_t i = 0; i < THREADS; i++) {
        threads[i] = thread_start(allocate, NULL);
    }
    for (size_t i = 0; i < BEGINNINGS; i++) {
        record_late();
    }
    atomic_store(&is_over, 1);
    for (size_t i = 0; i < THREADS; i++) {
        thread_join(threads[i]);
    }
    return 0;
}
