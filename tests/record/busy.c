/* SPDX-License-Identifier: MIT */
/* Recording begins and ends among threads that do nothing but hit, free each other's objects, and
 * end: nothing is missed, nothing told twice, and what is live in the end is what the pools say. */
#include "exchange.h"
#include "rng.h"
#include "stream.h"
#include "temporary.h"
#include "threads.h"

#include <mempool/observe.h>

#include <errno.h>
#include <stdatomic.h>

enum { THREADS = 3, TIMES = 10, HELD = 64, SHORT = 400 };

static struct mempool *pools[3];
static struct exchange exchange = EXCHANGE_EMPTY;
static _Atomic int is_over;

static void leave_or_put(void *object, size_t kind) {
    if (!exchange_leave(&exchange, (struct parcel){.object = object, .pool_idx = kind})) {
        kind == 3 ? mempool_free(object) : mempool_put(object);
    }
}

static void put_others(void) {
    struct parcel parcel;
    if (exchange_fetch(&exchange, &parcel)) {
        parcel.pool_idx == 3 ? mempool_free(parcel.object) : mempool_put(parcel.object);
    }
}

/* One step: an object or block more or less. */
static void step(struct rng *rng, void *held[HELD], size_t kinds[HELD]) {
    size_t i = (size_t)rng_below(rng, HELD);
    if (held[i] == NULL) {
        kinds[i] = (size_t)rng_below(rng, 4);
        held[i] = kinds[i] == 3 ? mempool_malloc(50 + i * 20, "busy")
                                : mempool_get(pools[kinds[i]]);
        CHECK(held[i] != NULL);
    } else if (kinds[i] == 3 && rng_below(rng, 3) == 0) {
        held[i] = mempool_realloc(held[i], 20 + (size_t)rng_below(rng, 3000));
        CHECK(held[i] != NULL);
    } else {
        leave_or_put(held[i], kinds[i]);
        held[i] = NULL;
        put_others();
    }
}

static void *work(void *argument) {
    struct rng rng = {.state = (uintptr_t)argument};
    void *held[HELD] = {NULL};
    size_t kinds[HELD];
    int64_t left = argument != NULL && (uintptr_t)argument > THREADS ? SHORT : INT64_MAX;
    while (!atomic_load_explicit(&is_over, memory_order_relaxed) && left-- > 0) {
        step(&rng, held, kinds);
    }
    for (size_t i = 0; i < HELD; i++) {
        if (held[i] != NULL) {
            leave_or_put(held[i], kinds[i]);
        }
    }
    return NULL;
}

static int add_live(const struct mempool_account *account, void *arg) {
    *(int64_t *)arg += (int64_t)account->live_blocks;
    return 0;
}

static int64_t count_live(void) {
    int64_t live = 0;
    for (size_t i = 0; i < 3; i++) {
        struct mempool_stats stats = {.struct_size = sizeof stats};
        CHECK_EQUAL(mempool_stats(pools[i], &stats), 0);
        live += (int64_t)stats.hot;
    }
    (void)mempool_accounts(add_live, &live);
    return live;
}

/* `begins_late`, `ends_early`: while threads work. */
static void record_once(bool begins_late, bool ends_early, uintptr_t seed) {
    struct stream_sums sums;
    pthread_t threads[THREADS];
    int fd = temporary_file();
    atomic_store(&is_over, 0);
    if (!begins_late) {
        CHECK_EQUAL(mempool_record(fd), 0);
    }
    for (uintptr_t i = 0; i < THREADS; i++) {
        threads[i] = thread_start(work, (void *)(i + 1));
    }
    sleep_ms(5);
    if (begins_late) {
        CHECK_EQUAL(mempool_record(fd), 0);
    }
    thread_run(work, (void *)(THREADS + seed)); /* one that ends meanwhile */
    sleep_ms(10);
    if (ends_early) {
        CHECK_EQUAL(mempool_record_end(), 0);
    }
    atomic_store(&is_over, 1);
    for (size_t i = 0; i < THREADS; i++) {
        thread_join(threads[i]);
    }
    if (!ends_early) {
        CHECK_EQUAL(mempool_record_end(), 0);
    }
    close(fd);
    stream_read(temporary_path, &sums);
    CHECK(sums.is_whole);
    CHECK_EQUAL(sums.unknown, 0);
    CHECK_EQUAL(sums.lost, 0);
    /* Gets that were under way are told twice; there is one for each thread at most. */
    CHECK(sums.got_twice <= (begins_late ? THREADS : 0));
    CHECK(sums.n[STREAM_GET] > SHORT / 10 && sums.n[STREAM_EXIT] >= 1);
    if (!ends_early) {
        CHECK_EQUAL(sums.live, count_live());
    }
    unlink(temporary_path);
}

int main(void) {
    watchdog_set(250);
    struct mempool_options limited = {.struct_size = sizeof limited,
                                      .name = "limited",
                                      .object_bytes = 48,
                                      .count = 1000,
                                      .limit = 2000};
    pools[0] = mempool_create_typed(64, 16, "first", 0);
    pools[1] = mempool_create_typed(3000, 16, "second", 0);
    pools[2] = mempool_create(&limited);
    for (uintptr_t i = 0; i < TIMES; i++) {
        record_once(i % 2 != 0, i % 4 >= 2, i + 1);
    }
    return 0;
}
