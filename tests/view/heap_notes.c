/* SPDX-License-Identifier: MIT */
/* Single allocations of a pool are counted right while others come and go: their notes are given
 * back and used again behind the reader's back. */
#include "check.h"

#include "pools.h"
#include "scale.h"
#include "threads.h"

#include "base/atomics.h"
#include "self.h"

enum { N_HELD = 20000, N_BEFORE = 20000, N_COMING = 64, N_SNAPSHOTS = 100 };
/* Of one that comes after another has gone both may be counted: not that many times in one walk. */
enum { N_MORE = 16 * N_COMING };

static struct mempool *pool;
static _Atomic bool ending;

static void *come_and_go(void *unused) {
    void *objects[N_COMING];
    while (!load_relaxed(&ending)) {
        for (int i = 0; i < N_COMING; i++) {
            objects[i] = mempool_get(pool);
            CHECK(objects[i] != NULL);
        }
        for (int i = 0; i < N_COMING; i++) {
            mempool_put(objects[i]);
        }
    }
    return unused;
}

static uint64_t count(const struct snapshot *snapshot) {
    uint64_t n = 0;
    for (size_t i = 0; i < snapshot->n_groups; i++) {
        const struct snapshot_group *group = &snapshot->groups[i];
        if (group->pool >= 0 && &snapshot->pools[group->pool] == row_of(snapshot, pool)) {
            n += group->count;
        }
    }
    return n;
}

int main(void) {
    static void *held[N_HELD + N_BEFORE];
    watchdog_set(110);
    pool = pool_of_options(
        &NAMED_POOL_OPTIONS("single", .object_bytes = 70, .count = 1, .on_empty = MEMPOOL_HEAP));
    for (int i = 0; i < N_HELD + N_BEFORE; i++) {
        held[i] = mempool_get(pool);
        CHECK(held[i] != NULL);
    }
    for (int i = N_HELD; i < N_HELD + N_BEFORE; i++) {
        mempool_put(held[i]); /* their notes are free for who comes */
    }
    pthread_t thread = thread_start(come_and_go, NULL);
    for (size_t i = 0; i < test_scaled(N_SNAPSHOTS); i++) {
        struct snapshot *snapshot = self_snapshot(SNAPSHOT_WANT_GROUPS);
        uint64_t n = count(snapshot);
        CHECK(n >= N_HELD && n <= N_HELD + N_MORE);
        snapshot_free(snapshot);
    }
    store_relaxed(&ending, true);
    thread_join(thread);
    struct snapshot *snapshot = self_snapshot(SNAPSHOT_WANT_GROUPS);
    CHECK_EQUAL(count(snapshot), N_HELD);
    snapshot_free(snapshot);
    return 0;
}
