/* SPDX-License-Identifier: MIT */
/* Snapshots of a process that is hard at work: threads come and go, pools are made and destroyed,
 * and what stands still is right in every one. */
#include "unit.h"

#include "accounts.h"
#include "scale.h"
#include "threads.h"

#include "base/atomics.h"
#include "self.h"

#include <mempool/observe.h>

enum { N_WORKERS = 3, N_SNAPSHOTS = 1000, N_STILL = 500, SECONDS_MAX = 25 };

static struct mempool *still, *busy;
static _Atomic bool ending;

static void *work(void *unused) {
    (void)unused;
    void *objects[40];
    while (!load_relaxed(&ending)) {
        get_all(busy, objects, 40);
        void *block = mempool_malloc(100, "busy");
        struct mempool *pool = pool_of(48);
        mempool_put(mempool_get(pool));
        CHECK_EQUAL(mempool_destroy(pool), 0);
        mempool_free(block);
        put_all(objects, 40);
    }
    return NULL;
}

static void *get_busy(void *unused) {
    (void)unused;
    return mempool_get(busy);
}

static void *come_and_go(void *unused) {
    (void)unused;
    while (!load_relaxed(&ending)) {
        pthread_t thread = thread_start(get_busy, NULL);
        void *object;
        CHECK(pthread_join(thread, &object) == 0);
        mempool_put(object);
    }
    return NULL;
}

static void check(const struct snapshot *snapshot, bool has_groups) {
    const struct snapshot_pool *row = row_of(snapshot, still);
    CHECK(row != NULL && row->hot == N_STILL);
    row = row_of(snapshot, busy);
    CHECK(row != NULL && row->hot <= row->slots && row->object_bytes == 64);
    uint64_t n_still = 0;
    for (size_t i = 0; i < snapshot->n_groups; i++) {
        const struct snapshot_group *group = &snapshot->groups[i];
        if (group->pool >= 0 && row_of(snapshot, still) == &snapshot->pools[group->pool]) {
            n_still += group->count;
        }
    }
    CHECK(!has_groups || n_still == N_STILL);
    uint64_t n_sampled = 0;
    for (size_t i = 0; i < snapshot->n_stacks; i++) {
        const struct snapshot_stack *stack = &snapshot->stacks[i];
        CHECK(stack->n_frames > 0 && stack->samples > 0 && stack->frames[0] != 0);
        if (stack->pool >= 0 && row_of(snapshot, still) == &snapshot->pools[stack->pool]) {
            n_sampled += stack->samples;
        }
    }
    CHECK(!has_groups || n_sampled == N_STILL);
    for (size_t i = 0; i < snapshot->n_accounts; i++) {
        if (strcmp(snapshot->accounts[i].type, "still") == 0) {
            CHECK_EQUAL(snapshot->accounts[i].live_blocks, 1);
            CHECK_EQUAL(snapshot->accounts[i].live_bytes, 12345);
        }
    }
}

int main(void) {
    pthread_t threads[N_WORKERS + 1];
    watchdog_set(110);
    CHECK_EQUAL(mempool_sample_stacks(1), 0); /* everything that stands still, */
    still = pool_of(64);
    busy = pool_of(64);
    for (int i = 0; i < N_STILL; i++) {
        CHECK(mempool_get(still) != NULL);
    }
    CHECK(mempool_malloc(12345, "still") != NULL);
    CHECK_EQUAL(mempool_sample_stacks(2000), 0); /* and some of what does not */
    for (int i = 0; i < N_WORKERS; i++) {
        threads[i] = thread_start(work, NULL);
    }
    threads[N_WORKERS] = thread_start(come_and_go, NULL);
    time_t end = time(NULL) + SECONDS_MAX;
    size_t n = 0;
    for (; n < test_scaled(N_SNAPSHOTS) && time(NULL) < end; n++) {
        bool has_groups = n % 4 == 0;
        struct snapshot *snapshot =
            self_snapshot(has_groups ? SNAPSHOT_WANT_GROUPS | SNAPSHOT_WANT_STACKS : 0);
        check(snapshot, has_groups);
        snapshot_free(snapshot);
    }
    store_relaxed(&ending, true);
    for (int i = 0; i <= N_WORKERS; i++) {
        thread_join(threads[i]);
    }
    struct snapshot *snapshot = self_snapshot(0);
    CHECK_EQUAL(row_of(snapshot, busy)->hot, 0);
    CHECK_EQUAL(row_of(snapshot, still)->hot, N_STILL);
    snapshot_free(snapshot);
    printf("%zu snapshots\n", n);
    return 0;
}
